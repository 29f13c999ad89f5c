"""Telling people: from a committed event to what has reached them."""
