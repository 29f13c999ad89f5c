"""The cookie with a browser's refresh token, which the page's scripts can't read."""

import uuid
from typing import Any

from flask import Response, after_this_request, current_app, request
from werkzeug.exceptions import UnsupportedMediaType

from app.domain import origin
from app.domain.errors import WrongOrigin
from app.domain.tokens import TokenKind, is_token
from app.services.accounts import auth, known_devices
from app.services.ops import identity
from app.services.sso import sign_in_flow

_DEVICE_SUFFIX = "-device-"


def require_own_origin() -> None:
    """Raise WrongOrigin unless a page of ours sent the request, and UnsupportedMediaType unless
    it's JSON.

    Other pages can't send JSON without a preflight request.
    """
    page = request.headers.get("Origin", "")
    if request.method == "OPTIONS":  # logging out without a login does nothing
        return
    if not origin.is_allowed_origin(page, request.host, current_app.config["ORIGINS"]):
        raise WrongOrigin
    if not request.is_json:
        raise UnsupportedMediaType("The body must be application/json.")


def refresh_token() -> str | None:
    """Return the browser's refresh token, if any."""
    return request.cookies.get(_cookie_name())


def has_login(login_id: uuid.UUID) -> bool:
    """Whether the browser's refresh token belongs to that login."""
    token = refresh_token()
    return token is not None and auth.login_of(token) == login_id


def set_refresh_token(refresh_token: str) -> None:
    """Store the token in the browser with the response, and a proof that it has signed in here."""
    name, how = _cookie_name(), _cookie_options()
    known = known_devices.create_proof(refresh_token)

    def put(response: Response) -> Response:
        seconds = int(current_app.config["REFRESH_SECONDS"])
        response.set_cookie(name, refresh_token, max_age=seconds, **how)
        if known is not None:  # a cookie per account, so that people can have several
            of_account = f"{name}{_DEVICE_SUFFIX}{known.developer_id}"
            response.set_cookie(
                of_account, known.text, max_age=known_devices.MAX_AGE_SECONDS, **how
            )
        return response

    after_this_request(put)


def device_proofs() -> list[str]:
    """Return proofs that the browser has signed in here before, each to one account
    (`known_devices`).
    """
    prefix = f"{_cookie_name()}{_DEVICE_SUFFIX}"
    return [text for name, text in request.cookies.items() if name.startswith(prefix)]


def clear_refresh_token() -> None:
    """Delete the browser's token with the response."""
    name, how = _cookie_name(), _cookie_options()

    def delete_cookie(response: Response) -> Response:
        response.delete_cookie(name, **how)
        return response

    after_this_request(delete_cookie)


def bind_sign_in() -> str:
    """Return the secret that identifies a browser when it returns from a provider.

    An existing secret is reused, so several tabs can sign in at once.
    """
    secret = sign_in_binding() or sign_in_flow.new_binding()
    name, how = (
        f"{_cookie_name()}-sso",
        {**_cookie_options(), "samesite": "Lax"},
    )  # it returns from another site

    def put(response: Response) -> Response:
        response.set_cookie(name, secret, max_age=sign_in_flow.STATE_LIFETIME_SECONDS, **how)
        return response

    after_this_request(put)
    return secret


def sign_in_binding() -> str | None:
    """Return the secret of a browser that started a sign-in, if any."""
    secret = request.cookies.get(f"{_cookie_name()}-sso", "")
    return secret if is_token(secret, TokenKind.SIGN_IN) else None


def _cookie_name() -> str:
    """Return the cookie's name, with the server's ID.

    Cookies ignore ports: otherwise, servers on one host would overwrite each other's.
    """
    return f"{'' if _is_local_http() else '__Host-'}muster-{identity.server_id()}"


def _is_local_http() -> bool:
    """Whether it's plain HTTP within one machine, where browsers may reject secure cookies."""
    return not request.is_secure and origin.is_loopback(request.host)


def _cookie_options() -> dict[str, Any]:
    return {"path": "/", "secure": not _is_local_http(), "httponly": True, "samesite": "Strict"}
