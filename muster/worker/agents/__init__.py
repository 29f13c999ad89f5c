"""Coding agents: which are here, how they are started, how they fare."""
