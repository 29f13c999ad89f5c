"""Tunnels into tasks' workspaces, for editors."""
