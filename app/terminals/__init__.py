"""Terminals: output from a machine's socket to viewers, and keystrokes back, over Redis."""
