"""Logs of attempts: byte ranges, lines, recordings; transcripts; live updates."""
