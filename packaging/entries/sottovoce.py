"""The executable `sottovoce`: the command line, and the porter of models."""

import sys

from desktop_app.start import main

sys.exit(main())
