"""Reports, kept on disk until the server has them."""
