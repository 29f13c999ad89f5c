"""The changes of attempts, file by file: stored as machines report them, and read."""
