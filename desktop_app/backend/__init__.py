"""The transcription process: audio in, segments out. It owns the GPU, and speaks only through messages.py."""
