"""What attempts have changed, file by file: kept as machines report it, and read."""
