"""Sessions: login, refresh, logout."""

from datetime import datetime
from typing import Any

from app.api import client_address
from app.api.auth import clients, cookies, public_url
from app.api.auth.public_url import PublicUrlMissing
from app.api.blueprint import Blueprint
from app.api.guards import current_developer, current_login
from app.api.login_limits import login_limit, reauthentication_limit
from app.api.problems import problems
from app.api.schemas.auth import LoginSchema, RefreshTokenSchema, TokenPairSchema
from app.api.schemas.base import Empty
from app.api.schemas.sessions import Reauthentication, ReauthenticationResult
from app.domain.errors import (
    InvalidCredentials,
    InvalidToken,
    PasswordLoginOff,
    TooManyAttempts,
    TotpInvalid,
    TotpRequired,
)
from app.services.accounts import auth, reauthentication
from app.services.accounts.logins import TokenPair
from app.services.sso import sign_in_flow

blp = Blueprint("auth", __name__, url_prefix="/api/auth", description="Sessions")


@blp.post("/login")
@blp.arguments(LoginSchema)
@blp.response(200, TokenPairSchema)
@problems(
    *(blp, InvalidCredentials, TotpRequired, TotpInvalid),
    *(PasswordLoginOff, TooManyAttempts),
)
def login(body: dict[str, Any]) -> TokenPair:
    """Sign in."""
    return sign_in(body)


def sign_in(body: dict[str, Any]) -> TokenPair:
    """Create a login from the body's name, password and code. Raises what `auth.login` does."""
    with login_limit(body["username"]).count_failures():
        return auth.login(
            *(body["username"], body["password"], body["totp_code"]),
            client=clients.request_client_name(body["client_name"]),
            address=client_address.client_ip(),
        )


@blp.post("/refresh")
@blp.arguments(RefreshTokenSchema)
@blp.response(200, TokenPairSchema)
@problems(blp, InvalidToken)
def refresh(body: dict[str, str]) -> TokenPair:
    """Exchange a refresh token for a new pair."""
    return auth.refresh(body["refresh_token"], client_address.client_ip())


@blp.post("/reauthenticate")
@blp.arguments(Reauthentication)
@blp.response(200, ReauthenticationResult)
@problems(blp, PublicUrlMissing, TooManyAttempts)
def reauthenticate(body: dict[str, str | None]) -> dict[str, datetime | str | None]:
    """Confirm your identity by your password, a two-factor code, or at a provider.

    Required before actions that outlive your session, unless you signed in within the last ten
    minutes. With a provider, the response has the URL for the browser, which returns to `next`.
    """
    developer, login_id = current_developer(), current_login()
    provider, to = body.pop("provider"), body.pop("next")
    if provider is not None:
        binding, base = cookies.bind_sign_in(), public_url.server_url()
        url = sign_in_flow.start_reauthentication(
            developer, login_id, provider, to, binding=binding, base=base
        )
        return {"reauthenticated_until": None, "url": url}
    limit = reauthentication_limit()
    until = reauthentication.reauthenticate(developer, login_id, limit, **body)
    return {"reauthenticated_until": until, "url": None}


@blp.post("/logout")
@blp.arguments(RefreshTokenSchema)
@blp.response(200, Empty)
def logout(body: dict[str, str]) -> dict[str, str]:
    """Sign out. The token's login ends, and its access tokens become invalid immediately."""
    auth.logout(current_developer(), body["refresh_token"])
    return {}
