"""The client name of a login request."""

from flask import request

from app.domain.login import client_name


def request_client_name(given: str | None = None) -> str:
    """Return the name of a login: the client's own name, else one from its User-Agent."""
    return client_name(given, request.user_agent.string)
