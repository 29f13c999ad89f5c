"""Terminals: bytes from a machine's socket to those who look, and keystrokes back, over Redis."""
