"""Running a deployment: whether it is ready, what is deleted, keys that change."""
