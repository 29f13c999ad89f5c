"""/api/web."""
