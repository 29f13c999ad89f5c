"""/api/admin: what admins use."""
