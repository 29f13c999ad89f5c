"""/api/web: routes for signed-in developers."""
