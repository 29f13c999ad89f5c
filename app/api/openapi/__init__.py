"""The OpenAPI document: flask-smorest's, completed."""
