"""/api/webhook: events from chat platforms, authenticated by their signatures."""
