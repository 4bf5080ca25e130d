"""With which exit codes the commands and the other processes end. Scripts and installers know them.

The manual's pages `scripts` and `command-line` say what they mean.
"""

from __future__ import annotations

DONE = 0
SOME_FAILED = 1  # not all that was asked for could be done; a sentence on stderr says why
WRONG_USAGE = 2
INTERRUPTED = 130  # as a shell has it: 128 and the number of SIGINT

# Of `sottovoce quit`: why the program still runs.
RECORDING, WORKING, STILL_THERE = 3, 4, 5

# Between our own processes.
LEFT = 2  # of a porter: who had started it wanted it no more
OTHER_VERSION = 76  # of a process whose parent is of another version
