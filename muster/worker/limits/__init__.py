"""The limits of an attempt on its machine's resources, and what happens beyond them."""
