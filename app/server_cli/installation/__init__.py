"""A server that systemd runs on this host: where it lies, its settings, its units."""
