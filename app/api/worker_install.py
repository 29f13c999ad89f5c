"""Downloads for a host that becomes a machine. They contain no secret, so they need no
credential.
"""

from urllib.parse import urlsplit

from flask import Response, current_app, request

from app.api import client_address, request_limits
from app.api.blueprint import Blueprint
from app.api.problems import problems
from app.domain.errors import NotFound, TooManyRequests
from app.services import settings
from app.worker_install import packages, script, server_trust
from app.worker_install.packages import PackagesNotFound, WorkerPackages
from app.worker_install.server_trust import ServerTrust

_SHELL, _TEXT = "text/x-shellscript", "text/plain"
_WHEEL = "application/octet-stream"
_FILE = {"type": "string", "format": "binary"}

blp = Blueprint("install", __name__, url_prefix="/install", description="Machine installation")


class NothingToInstall(NotFound):
    """This server has no worker package to install."""

    code = "nothing_to_install"


@blp.get("/worker.sh")
@blp.response(200, {"type": "string"}, content_type=_SHELL)
@problems(blp, NothingToInstall, TooManyRequests)
def get_worker_script() -> Response:
    """Get the script that makes a host a machine of this server, with the token in its
    environment.
    """
    request_limits.count_anonymous_request()
    server = _server_url()
    return Response(
        script.render_script(server, _find_packages(), _find_server_trust(server)),
        content_type=f"{_SHELL}; charset=utf-8",
    )


@blp.get("/requirements-worker.txt")
@blp.response(200, {"type": "string"}, content_type=_TEXT)
@problems(blp, NothingToInstall, TooManyRequests)
def get_worker_requirements() -> Response:
    """Get the worker's third-party requirements, each with its hash."""
    request_limits.count_anonymous_request()
    found = _find_packages().requirements.read_bytes()
    return Response(found, content_type=f"{_TEXT}; charset=utf-8")


@blp.get("/<wheel>")
@blp.response(200, _FILE, content_type=_WHEEL)
@problems(blp, NothingToInstall, TooManyRequests)
def get_worker_wheel(wheel: str) -> Response:
    """Get the worker's package, by the name in the script."""
    request_limits.count_anonymous_request()
    found = _find_packages().wheel
    if wheel != found.name:
        raise NotFound
    return Response(found.read_bytes(), content_type=_WHEEL)


def install_command(token: str) -> str | None:
    """Return the shell command that adds the token's machine; None if this server has no worker
    package.
    """
    try:
        _find_packages()
        server = _server_url()
    except NothingToInstall:
        return None
    return script.install_command(server, token, _find_server_trust(server))


def _find_packages() -> WorkerPackages:
    """Raises NothingToInstall."""
    try:
        return packages.find_packages(current_app.config["INSTALL"])
    except (PackagesNotFound, OSError) as reason:
        raise NothingToInstall(str(reason)) from None


def _server_url() -> str:
    """Return this server's URL for machines: the setting publicUrl, or the requested one.

    A Host header isn't trustworthy. It's returned only to the client that sent it (the response
    isn't cached), and only if it's a valid host. Raises NothingToInstall.
    """
    server = str(settings.value("publicUrl")).rstrip("/")
    if not server:
        scheme = "https" if client_address.is_encrypted() else "http"
        server = f"{scheme}://{request.host}"
    if not script.is_valid_server_url(server):
        raise NothingToInstall(
            "Set publicUrl to an https address where machines can reach this server."
        )
    return server


def _find_server_trust(server: str) -> ServerTrust | None:
    parts = urlsplit(server)
    if parts.scheme != "https":
        return None
    return server_trust.find_server_trust(current_app.config["TLS_CERT"], parts.hostname or "")
