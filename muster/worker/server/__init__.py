"""The connection to the server: its HTTP API, the control channel, and what is sent over it."""
