"""/api/admin."""
