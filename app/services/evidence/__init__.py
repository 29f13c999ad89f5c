"""Evidence: what was said of a task, signed, for who does not have to believe the server's word."""
