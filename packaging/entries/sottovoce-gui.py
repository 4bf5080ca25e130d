"""The executable `sottovoce-gui`: the window. On Windows it opens no console."""

import sys

from desktop_app.__main__ import main

sys.exit(main())
