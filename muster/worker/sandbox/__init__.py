"""The room (sandbox) that whatever runs for an attempt runs in, and who it runs as."""
