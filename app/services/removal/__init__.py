"""Ends that reach into several rooms."""
