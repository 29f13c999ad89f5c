"""/api/workers."""
