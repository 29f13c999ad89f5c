"""The wire formats of chat platforms, in and out. Nothing here knows rows, rights or Flask."""
