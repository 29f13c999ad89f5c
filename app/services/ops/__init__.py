"""Running a deployment: readiness, retention, and key changes."""
