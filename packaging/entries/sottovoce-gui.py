"""The executable `sottovoce-gui`: the window. On Windows it opens no console."""

import sys

from desktop_app.start import window

sys.exit(window())
