"""Headers for browsers and caches in every response: no caching, no sniffing, TLS only.

A route can override them for its own responses (a page its policy, a stream its caching).
"""

from flask import Flask, Response

from app.api import client_address

HSTS_SECONDS = 365 * 86_400
# By default, our pages may load nothing and can't be framed.
DENY_ALL_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def install(app: Flask) -> None:
    app.after_request(_add_headers)


def _add_headers(response: Response) -> Response:
    headers = response.headers
    headers["X-Content-Type-Options"] = "nosniff"
    # A response with an ETag may be cached privately, and revalidated.
    is_asked_for_again = response.get_etag()[0] is not None
    headers.setdefault("Cache-Control", "private, no-cache" if is_asked_for_again else "no-store")
    if response.mimetype == "text/html":
        headers.setdefault("Content-Security-Policy", DENY_ALL_POLICY)
        headers.setdefault("Referrer-Policy", "no-referrer")
    if client_address.is_encrypted():
        headers["Strict-Transport-Security"] = f"max-age={HSTS_SECONDS}"
    return response
