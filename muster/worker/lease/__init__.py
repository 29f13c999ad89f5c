"""How long the machine may go on without the server, and what ends when it may not."""
