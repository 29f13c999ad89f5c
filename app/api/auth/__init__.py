"""/api/auth."""
