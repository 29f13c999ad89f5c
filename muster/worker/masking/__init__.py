"""What keeps secrets out of what leaves the machine."""
