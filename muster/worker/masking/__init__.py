"""Remove secrets from everything that leaves the machine."""
