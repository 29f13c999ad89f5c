"""Server-Sent Events: what is committed, seen at once by those who look on."""
