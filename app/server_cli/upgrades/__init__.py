"""Another release of the server in place of the one that runs here. Decision 73 says how."""
