"""This server's URL as providers know it."""

from flask import request

from app.domain import origin
from app.domain.errors import Conflict
from app.services import settings


class PublicUrlMissing(Conflict):
    """Set publicUrl first: links and sign-in providers need it."""

    code = "public_url_missing"


def server_url() -> str:
    """Return the server's own URL without a trailing slash.

    It's the setting, or what a browser on this machine requested. Other clients' Host headers
    aren't trusted. Raises PublicUrlMissing.
    """
    known: str = settings.value("publicUrl")
    if known:
        return known.rstrip("/")
    if origin.is_loopback(request.host):
        return request.host_url.rstrip("/")
    raise PublicUrlMissing
