"""Logs of attempts: byte ranges, lines, recordings; transcripts; what has been added to them."""
