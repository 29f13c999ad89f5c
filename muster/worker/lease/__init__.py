"""How long the machine can continue without the server, and what stops afterwards."""
