"""/api/web: what signed-in developers use."""
