"""/api/webhook: events from chat platforms, which authenticate by their signatures."""
