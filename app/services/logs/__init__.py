"""Logs of attempts: byte ranges, lines, recordings; transcripts; and what has been added to them."""
