"""Tasks: the single writer of their status, their attempts, stages, gates, events and
workspaces.
"""
