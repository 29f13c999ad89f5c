"""What attempts printed: byte ranges, lines, recordings, and what is new of them."""
