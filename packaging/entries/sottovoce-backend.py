"""The executable `sottovoce-backend`: the transcription process. It has no Qt in it."""

from desktop_app.backend.__main__ import main

main()
