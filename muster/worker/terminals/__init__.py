"""Terminals on their way to viewers, and the models of their screens."""
