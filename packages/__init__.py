"""The packages of one tree: what `make dist` makes of it. Decision 67 says what is in which."""
