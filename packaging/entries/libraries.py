"""Before all else, on Linux: our code finds the libraries in the bundle, programs of the system find the system's.

sounddevice asks ctypes for PortAudio, which only knows those that are installed. And PyInstaller's start has set
LD_LIBRARY_PATH: this process has read it by now, and executables of ours set it anew.
"""

import ctypes.util
import os
import sys
from pathlib import Path

if sys.platform == "linux":
    installed = ctypes.util.find_library

    def find_library(name: str) -> str | None:
        ours = sorted(Path(sys._MEIPASS).glob(f"lib{name}.so*"))
        return str(ours[0]) if ours else installed(name)

    ctypes.util.find_library = find_library

    before = os.environ.pop("LD_LIBRARY_PATH_ORIG", None)
    os.environ.pop("LD_LIBRARY_PATH", None)
    if before is not None:
        os.environ["LD_LIBRARY_PATH"] = before
