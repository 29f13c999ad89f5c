"""What needs a developer: questions, ends that nobody has looked at, unwell machines."""
