"""What `muster worker` can be asked, and how that is read."""
