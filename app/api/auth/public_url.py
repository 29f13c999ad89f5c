"""Where browsers find this server, as providers know it."""

from flask import request

from app.domain import origin
from app.domain.errors import Conflict
from app.services import settings


class PublicUrlMissing(Conflict):
    """The setting publicUrl is needed: providers send browsers back there."""

    code = "public_url_missing"


def server_url() -> str:
    """The server's own URL, without a slash at its end: the setting, or what a browser on this
    machine has asked. What others say in a Host is not believed. Raises PublicUrlMissing.
    """
    known: str = settings.value("publicUrl")
    if known:
        return known.rstrip("/")
    if origin.is_loopback(request.host):
        return request.host_url.rstrip("/")
    raise PublicUrlMissing
