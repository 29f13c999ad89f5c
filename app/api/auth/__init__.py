"""/api/auth: sessions."""
