"""Replace the release of the installed server with another one. See decision 73."""
