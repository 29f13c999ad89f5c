"""Hours of ordinary life in a real stack, and whether anything grows that should not."""
