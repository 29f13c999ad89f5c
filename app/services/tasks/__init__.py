"""Tasks: the one door for their status, their attempts, stages, gates, events and workspaces."""
