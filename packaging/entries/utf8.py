"""Before all else, in the window and the command line: where the environment names no language, text is UTF-8.

An installed Python sees to that itself (PEP 538), PyInstaller's does not; and Qt would complain on stderr.
"""

import locale
import os
import sys

if sys.platform == "linux" and not os.environ.get("LC_ALL"):
    try:
        spoken = locale.setlocale(locale.LC_CTYPE, "")
    except locale.Error:  # a language that is not installed: as if none were named
        spoken = "C"
    if spoken in ("C", "POSIX"):
        os.environ["LC_CTYPE"] = "C.UTF-8"
        try:
            locale.setlocale(locale.LC_CTYPE, "")
        except locale.Error:
            del os.environ["LC_CTYPE"]
