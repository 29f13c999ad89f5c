"""The command line of `muster worker` and its parsing."""
