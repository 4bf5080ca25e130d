"""Which models there are: the published ones, and those on this machine. Plain Python."""
