"""Hours of ordinary load on a real stack, to find resources that grow."""
