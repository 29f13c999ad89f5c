"""/api/admin: routes for admins."""
