"""Mirrors, workspaces and checkpoints: all uses of git on this machine."""
