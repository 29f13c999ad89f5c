"""Projects, their members, and their activity."""
