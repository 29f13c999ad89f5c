"""`make demo` and `make up`: a complete Muster with local machines."""
