"""Browser sessions: like those of programs, but the refresh token stays in a cookie."""

from typing import Any

from app.api import client_address
from app.api.auth import cookies
from app.api.auth.routes import sign_in
from app.api.blueprint import Blueprint
from app.api.problems import problems
from app.api.schemas.auth import BrowserLoginSchema, BrowserRefreshSchema, LoginSchema
from app.api.schemas.base import Empty
from app.domain.errors import (
    InvalidCredentials,
    InvalidToken,
    PasswordLoginOff,
    TooManyAttempts,
    TotpInvalid,
    TotpRequired,
    WrongOrigin,
)
from app.services.accounts import auth

blp = Blueprint("browser", __name__, url_prefix="/api/auth/browser", description="Browser sessions")
blp.before_request(cookies.require_own_origin)


@blp.post("/login")
@blp.arguments(LoginSchema)
@blp.response(200, BrowserLoginSchema)
@problems(
    *(blp, InvalidCredentials, TotpInvalid),
    *(PasswordLoginOff, TooManyAttempts, WrongOrigin),
)
def browser_login(body: dict[str, Any]) -> dict[str, str | None]:
    """Sign in from a page of this server. The refresh token is stored only in a cookie.

    Null: the password is correct, but a two-factor code is required too. It ends an earlier login
    of this browser.
    """
    before = cookies.refresh_token()
    try:
        pair = sign_in(body)
    except TotpRequired:  # an intermediate step, which a browser shouldn't show as an error
        return {"access_token": None}
    if before is not None:
        auth.end_login(before)
    cookies.set_refresh_token(pair.refresh_token)
    return {"access_token": pair.access_token}


@blp.post("/refresh")
@blp.arguments(Empty)
@blp.response(200, BrowserRefreshSchema)
@problems(blp, WrongOrigin)
def browser_refresh(body: dict[str, Any]) -> dict[str, str | None]:
    """Get a new access token for the browser's login; null if it has none."""
    token = cookies.refresh_token()
    if token is None:
        return {"access_token": None}
    try:
        pair = auth.refresh(token, client_address.client_ip())
    except InvalidToken:
        cookies.clear_refresh_token()
        return {"access_token": None}
    cookies.set_refresh_token(pair.refresh_token)
    return {"access_token": pair.access_token}


@blp.post("/logout")
@blp.arguments(Empty)
@blp.response(200, Empty)
@problems(blp, WrongOrigin)
def browser_logout(body: dict[str, Any]) -> dict[str, Any]:
    """Sign the browser out. Repeating it does nothing."""
    token = cookies.refresh_token()
    if token is not None:
        auth.end_login(token)
    cookies.clear_refresh_token()
    return {}
