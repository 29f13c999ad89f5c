"""What a login's request says of the client that it comes from."""

from flask import request

from app.domain.login import client_name


def request_client_name(given: str | None = None) -> str:
    """What a login is called: as the client names itself, else by its User-Agent."""
    return client_name(given, request.user_agent.string)
