"""Before all else, on Linux: programs of the system that are started from here get the system's libraries, not ours.

PyInstaller's start has set LD_LIBRARY_PATH for this process, which has read it by now; executables of ours set it anew.
"""

import os
import sys

if sys.platform == "linux":
    before = os.environ.pop("LD_LIBRARY_PATH_ORIG", None)
    if before is not None:
        os.environ["LD_LIBRARY_PATH"] = before
    else:
        os.environ.pop("LD_LIBRARY_PATH", None)
