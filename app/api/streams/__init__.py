"""Server-Sent Events: clients receive changes as soon as they are committed."""
