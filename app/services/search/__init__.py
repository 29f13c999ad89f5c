"""Search over everything that a developer can see."""
