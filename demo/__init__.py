"""What `make demo` and `make up` play: a whole Muster with local machines, from its own parts."""
