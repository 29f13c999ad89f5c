"""Terminals: who may look into one, and which of them machines have to open."""
