"""`python -m bench.console`: what people wait for in the console, in Chromium."""
