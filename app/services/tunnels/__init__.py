"""Tunnels of an editor into a task's workspace."""
