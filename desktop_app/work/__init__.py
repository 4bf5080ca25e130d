"""Gets jobs done: the queue, the backend process, the thread that touches the disk. Qt without widgets."""
