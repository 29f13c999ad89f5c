"""Running a deployment: readiness, retention, and changes of keys."""
