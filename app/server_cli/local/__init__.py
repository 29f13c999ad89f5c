"""A stack on this host with machines of its own: what `muster-server up` and the demo run."""
