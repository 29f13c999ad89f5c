"""Coding agents: which are installed, how they start, how well they work."""
