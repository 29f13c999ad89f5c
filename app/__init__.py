"""The server. Empty, so that app.domain loads without Flask."""
