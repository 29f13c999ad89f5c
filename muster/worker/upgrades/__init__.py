"""Upgrade a machine to its server's release: it is prepared separately, run as a canary, and kept
or rolled back."""
