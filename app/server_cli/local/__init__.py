"""A stack on this host with local machines: `muster-server up` and the demo run it."""
