"""Evidence: a task's signed record, verifiable without trusting the server."""
