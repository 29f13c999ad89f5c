"""Tunnels of an editor into an attempt's workspace."""
