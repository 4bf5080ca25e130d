"""What the user keeps: jobs, their transcripts, and the files these are exported to. Plain Python, no Qt."""
