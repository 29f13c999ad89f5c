"""Mirrors, workspaces and checkpoints: whatever git does on this machine."""
