"""Terminals: admission to their sockets, and which terminals machines must open."""
