"""What is seen and touched. main_window.py arranges it; wording.py says everything."""
