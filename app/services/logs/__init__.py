"""Logs of attempts: byte ranges, lines, recordings, and what has been added to them."""
