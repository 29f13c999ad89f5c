"""Single sign-on: to a provider and back."""

from typing import Any

from flask import Response

from app.api import client_address
from app.api.auth import clients, cookies, public_url
from app.api.auth.public_url import PublicUrlMissing
from app.api.blueprint import Blueprint
from app.api.guards import current_developer, current_login
from app.api.problems import problems
from app.api.schemas.auth import TokenPairSchema
from app.api.schemas.sso import CameBack, CodeToRedeem, LeftSchema, ProvidersSchema, SetOut
from app.domain.errors import InvalidToken, TooManyAttempts
from app.services import settings
from app.services.accounts import auth
from app.services.accounts.logins import Pair
from app.services.sso import providers, sign_in_flow

blp = Blueprint("oidc", __name__, url_prefix="/api/auth", description="Single sign-on")


@blp.get("/providers")
@blp.response(200, ProvidersSchema)
def list_providers() -> dict[str, Any]:
    """By whom one may sign in here, and whether by a password."""
    items = [
        {
            "name": provider.name,
            "label": provider.label,
            "start_url": f"/api/auth/oidc/{provider.name}/start",
        }
        for provider in providers.usable()
    ]
    return {"items": items, "password_login": settings.value("passwordLogin")}


@blp.get("/oidc/<provider>/start")
@blp.arguments(SetOut, location="query")
@blp.response(303, description="To the provider, or back with an `error`.")
@problems(blp, PublicUrlMissing, TooManyAttempts)
def start_sign_in(query: dict[str, Any], provider: str) -> Any:
    """Go to a provider, to sign in there. For browsers.

    They come back signed in to `next`, or to the program that listens at `redirectUri`.
    """
    goal = sign_in_flow.destination(query["next"], query["redirect_uri"], query["code_challenge"])
    url = sign_in_flow.set_out(
        provider,
        goal,
        binding=cookies.bind(),
        base=public_url.of_server(),
        address=client_address.of_client(),
        client=clients.named(query["client_name"]),
    )
    return _to(url)


@blp.get("/oidc/<provider>/callback")
@blp.arguments(CameBack, location="query")
@blp.response(303, description="To where it was set out for, or there with an `error`.")
@problems(blp, PublicUrlMissing)
def finish_sign_in(query: dict[str, str], provider: str) -> Any:
    """Where a provider sends browsers back."""
    arrival = sign_in_flow.come_back(
        provider,
        query,
        binding=cookies.bound(),
        base=public_url.of_server(),
        address=client_address.of_client(),
    )
    if arrival.pair is not None:
        if (before := cookies.kept()) is not None:
            auth.leave(before)
        cookies.keep(arrival.pair.refresh_token)
    return _to(arrival.url)


@blp.post("/oidc/exchange")
@blp.arguments(CodeToRedeem)
@blp.response(200, TokenPairSchema)
@problems(blp, InvalidToken)
def exchange_code(body: dict[str, str]) -> Pair:
    """The tokens of a sign-in that a program has begun, for the code that it was sent. Once."""
    return sign_in_flow.redeem(body["code"], body["code_verifier"], client_address.of_client())


@blp.post("/oidc/logout")
@blp.response(200, LeftSchema)
@problems(blp, PublicUrlMissing)
def leave_provider() -> dict[str, str | None]:
    """Sign out here, and be told where to sign out of the provider."""
    login_id, base = current_login(), public_url.of_server()
    if cookies.holds(login_id):
        cookies.forget()
    return {"logout_url": sign_in_flow.leave(current_developer(), login_id, base)}


def _to(url: str) -> Response:
    """The way there, which nothing keeps: URLs carry what is good once."""
    response = Response(status=303)
    response.headers["Location"] = url
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
