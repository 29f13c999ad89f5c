"""Search over everything that a developer may see."""
