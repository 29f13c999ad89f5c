"""Server-Sent Events: clients are told of what is committed, as soon as it is."""
