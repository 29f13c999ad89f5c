"""`python -m bench.console`: waiting times in the console, in Chromium."""
