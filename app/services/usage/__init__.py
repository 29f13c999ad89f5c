"""What agents have used: stored as machines say it, and summed up for people."""
