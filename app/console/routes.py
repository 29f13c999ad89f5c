"""The console's pages and files: not part of the API, and without authentication."""

import secrets
from contextlib import suppress

from flask import Flask, Response, current_app, request
from werkzeug.exceptions import NotFound

from app.console import policy, reports
from app.console.build import ASSETS, ENCODINGS, Build, BuildNotFound, File
from app.console.current_build import CurrentBuild
from app.console.not_built_page import NOT_BUILT_PAGE

PAGES = (
    *("/", "/login", "/invitation", "/device", "/tasks", "/tasks/<int:task_id>"),
    *("/machines", "/machines/<uuid:machine_id>", "/projects", "/projects/<key>"),
    *("/notifications", "/profile", "/admin/developers", "/admin/machines"),
    *("/admin/worker-tokens", "/admin/bots", "/admin/deliveries", "/admin/audit"),
    *("/admin/settings", "/admin/usage"),
)
FILES = ("favicon.ico", "manifest.webmanifest", "mark.svg", "robots.txt")
"""Files next to the entry page that keep their names."""

RECORDING_PAGE = ("/tasks/<int:task_id>", "recording")
"""The page that plays recordings, and its `view`.

A browser keeps the loaded document's policy, so the console reloads for this page.
"""

BUILD_HEADER = "X-Muster-Build"
IMMUTABLE = "public, max-age=31536000, immutable"
REVALIDATE = "no-cache"
PAGE_HEADERS = {
    "Cache-Control": REVALIDATE,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    # With `no-referrer`, browsers would also hide a form's origin.
    "Referrer-Policy": "same-origin",
}
_EXTENSION_KEY = "console"  # in app.extensions


def install(app: Flask) -> None:
    """Serve the console of the setting CONSOLE, and add the build's name to streams."""
    app.extensions[_EXTENSION_KEY] = CurrentBuild(app.config["CONSOLE"])
    for path in PAGES:
        app.add_url_rule(path, "console.page", send_page)
    for name in FILES:
        app.add_url_rule(f"/{name}", "console.file", send_file, defaults={"name": name})
    app.add_url_rule(f"/{ASSETS}/<path:name>", "console.asset", send_asset)
    app.add_url_rule(
        policy.REPORTS_PATH, "console.report", reports.receive_report, methods=["POST"]
    )
    app.after_request(_add_build_header)


def send_page(**_named: object) -> Response:
    """Send the one HTML for all pages: the console decides what it shows."""
    try:
        build = _current_build()
    except BuildNotFound:
        return Response(NOT_BUILT_PAGE, 503, mimetype="text/html")
    nonce, plays = secrets.token_urlsafe(18), _is_recording_page()
    response = Response(build.render_page(nonce, plays=plays), mimetype="text/html")
    response.headers.update(PAGE_HEADERS)
    response.headers["Content-Security-Policy"] = policy.content_security_policy(nonce, plays=plays)
    return response


def send_asset(name: str) -> Response:
    """Send a file whose name changes with its contents."""
    return _file_response(f"{ASSETS}/{name}", IMMUTABLE)


def send_file(name: str) -> Response:
    """Send a file that keeps its name."""
    return _file_response(name, REVALIDATE)


def _file_response(name: str, kept: str) -> Response:
    """Serve only files found when the build was read: no path comes from the request."""
    try:
        file = _current_build().files[name]
        encoding = _choose_encoding(file)
        response = Response(file.read_bytes(encoding), content_type=file.media_type)
    except (BuildNotFound, KeyError, OSError):
        raise NotFound from None
    if encoding != "identity":
        response.headers["Content-Encoding"] = encoding
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Cache-Control"] = kept
    response.vary.add("Accept-Encoding")
    response.set_etag(f"{file.digest}-{encoding}")
    response.make_conditional(request)
    return response


def _choose_encoding(file: File) -> str:
    """Return the best available encoding that the client accepts."""
    taken = (one for one in ENCODINGS if one in file.paths and request.accept_encodings[one] > 0)
    return next(taken, "identity")


def _is_recording_page() -> bool:
    page, view = RECORDING_PAGE
    return str(request.url_rule) == page and request.args.get("view") == view


def _current_build() -> Build:
    shelf: CurrentBuild = current_app.extensions[_EXTENSION_KEY]
    return shelf.get()


def _add_build_header(response: Response) -> Response:
    """Add the build's name.

    Stream clients reconnect after a server restart, and see whether their page is of the current
    build.
    """
    if request.endpoint == "stream.stream_updates":
        with suppress(BuildNotFound):
            response.headers[BUILD_HEADER] = _current_build().name
    return response
