"""The OpenAPI document: what flask-smorest gathers from the routes, made complete."""
