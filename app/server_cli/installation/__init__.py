"""A server that systemd runs on this host: its paths, settings and units."""
