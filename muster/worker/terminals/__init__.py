"""Terminals on their way to whoever looks, and the models of their screens."""
