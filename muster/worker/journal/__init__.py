"""Reports, stored on disk until the server has them."""
