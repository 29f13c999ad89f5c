"""The sandbox in which everything of an attempt runs, and its user."""
