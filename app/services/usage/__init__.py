"""Agents' usage: stored as machines report it, and summed up for people."""
