"""Terminals: admission to their sockets, and which terminals machines have to open."""
