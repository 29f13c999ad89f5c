"""Single sign-on: the redirects to a provider and back."""

from typing import Any

from flask import Response

from app.api import client_address
from app.api.auth import clients, cookies, public_url
from app.api.auth.public_url import PublicUrlMissing
from app.api.blueprint import Blueprint
from app.api.guards import current_developer, current_login
from app.api.problems import problems
from app.api.schemas.auth import TokenPairSchema
from app.api.schemas.sso import (
    CodeExchange,
    ProviderLogoutSchema,
    ProvidersSchema,
    SignInCallbackQuery,
    SignInStartQuery,
)
from app.domain.errors import InvalidToken, TooManyAttempts
from app.services import settings
from app.services.accounts import auth
from app.services.accounts.logins import TokenPair
from app.services.sso import providers, sign_in_flow

blp = Blueprint("oidc", __name__, url_prefix="/api/auth", description="Single sign-on")


@blp.get("/providers")
@blp.response(200, ProvidersSchema)
def list_providers() -> dict[str, Any]:
    """List sign-in methods: the providers, and whether passwords work."""
    items = [
        {
            "name": provider.name,
            "label": provider.label,
            "start_url": f"/api/auth/oidc/{provider.name}/start",
        }
        for provider in providers.list_enabled()
    ]
    return {"items": items, "password_login": settings.value("passwordLogin")}


@blp.get("/oidc/<provider>/start")
@blp.arguments(SignInStartQuery, location="query")
@blp.response(303, description="Redirect to the provider, or back with an `error`.")
@problems(blp, PublicUrlMissing, TooManyAttempts)
def start_sign_in(query: dict[str, Any], provider: str) -> Any:
    """Redirect a browser to a provider to sign in.

    It returns signed in to `next`, or to the program that listens at `redirectUri`.
    """
    goal = sign_in_flow.parse_destination(
        query["next"], query["redirect_uri"], query["code_challenge"]
    )
    url = sign_in_flow.start_sign_in(
        provider,
        goal,
        binding=cookies.bind_sign_in(),
        base=public_url.server_url(),
        address=client_address.client_ip(),
        client=clients.request_client_name(query["client_name"]),
    )
    return _redirect(url)


@blp.get("/oidc/<provider>/callback")
@blp.arguments(SignInCallbackQuery, location="query")
@blp.response(303, description="Redirect to the requested page, with an `error` if it failed.")
@problems(blp, PublicUrlMissing)
def finish_sign_in(query: dict[str, str], provider: str) -> Any:
    """Receive a browser's return from a provider."""
    arrival = sign_in_flow.handle_callback(
        provider,
        query,
        binding=cookies.sign_in_binding(),
        base=public_url.server_url(),
        address=client_address.client_ip(),
    )
    if arrival.pair is not None:
        if (before := cookies.refresh_token()) is not None:
            auth.end_login(before)
        cookies.set_refresh_token(arrival.pair.refresh_token)
    return _redirect(arrival.url)


@blp.post("/oidc/exchange")
@blp.arguments(CodeExchange)
@blp.response(200, TokenPairSchema)
@problems(blp, InvalidToken)
def exchange_code(body: dict[str, str]) -> TokenPair:
    """Exchange a code for the tokens of a sign-in that a program started. Works once."""
    return sign_in_flow.redeem_code(body["code"], body["code_verifier"], client_address.client_ip())


@blp.post("/oidc/logout")
@blp.response(200, ProviderLogoutSchema)
@problems(blp, PublicUrlMissing)
def logout_from_provider() -> dict[str, str | None]:
    """Sign out here, and get the URL to sign out of the provider."""
    login_id, base = current_login(), public_url.server_url()
    if cookies.has_login(login_id):
        cookies.clear_refresh_token()
    return {"logout_url": sign_in_flow.end_session(current_developer(), login_id, base)}


def _redirect(url: str) -> Response:
    """Return an uncacheable redirect, because the URLs contain one-time secrets."""
    response = Response(status=303)
    response.headers["Location"] = url
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
