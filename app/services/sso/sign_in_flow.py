"""The way to a provider and back: a browser sets out, comes back with a code, and is signed in.

What somebody has set out with lies in Redis, under the `state` that the provider hands back, and is
taken once. It names the browser, by a secret in a cookie: a state that was copied into another
browser is no good there.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest
from typing import Any

from authlib.common.security import generate_token
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from app.domain import field_errors, redirects, sso
from app.domain.errors import DomainError, InvalidFields, InvalidToken, Unavailable
from app.domain.login import LoginVia
from app.domain.sso import InvalidSignIn, SignInRefused
from app.domain.tokens import TokenKind, digest, is_token
from app.extensions import db
from app.models import Developer, IdentityProvider, Login
from app.services import clock, encryption
from app.services.accounts import developers, login_limits, logins, one_time_state, tokens
from app.services.accounts.logins import Pair
from app.services.sso import account_match, metadata, oidc_client, providers

SECONDS = 600  # for signing in at the provider
CODE_SECONDS = 60
MOST_BEGUN = 300  # from one address in 15 minutes
_STATE, _CODE = "sso_state", "sso_code"
LONGEST_ID_TOKEN = 16_384


@dataclass(frozen=True)
class Destination:
    """Where somebody goes from the provider: to a path of ours or, with a challenge, to a program
    on their machine that listens at `url`.
    """

    url: str
    challenge: str | None = None


@dataclass(frozen=True)
class Arrival:
    """Where the browser is sent, and the login that it keeps, if it is one of a page of ours."""

    url: str
    pair: Pair | None = None


def destination(to: str | None, redirect_uri: str | None, challenge: str | None) -> Destination:
    """Where the sign-in is to end, as the browser has asked. Raises InvalidFields."""
    if redirect_uri is None:
        path = to or "/"
        if not redirects.is_own_path(path):
            raise InvalidFields({"next": [field_errors.NO_PATH]})
        return Destination(path)
    if not redirects.is_programs(redirect_uri):
        raise InvalidFields({"redirectUri": [field_errors.NO_LOOPBACK]})
    if challenge is None or not redirects.CHALLENGE.fullmatch(challenge):
        raise InvalidFields({"codeChallenge": [field_errors.NO_CHALLENGE]})
    return Destination(redirect_uri, challenge)


def set_out(
    provider_name: str, goal: Destination, *, binding: str, base: str, address: str, client: str
) -> str:
    """The provider's URL for a sign-in that begins here. `binding` is the browser's secret, `base`
    this server's own URL.

    Raises NotFound, TooManyAttempts. Where the provider cannot be reached it is the URL to go to
    with that error.
    """
    provider = providers.named(provider_name)
    one_time_state.count("sso_begun", address, MOST_BEGUN)
    kept = {"url": goal.url, "challenge": goal.challenge, "client": client}
    try:
        return _begun(provider, kept, binding, base)
    except Unavailable as error:
        return redirects.with_query(goal.url, error=error.code)


def set_out_to_confirm(
    developer: Developer, login_id: uuid.UUID, provider_name: str, to: str | None, **of: str
) -> str:
    """The provider's URL for proving there that one is still oneself; `of` are `binding` and
    `base`. Raises InvalidFields, Unavailable.
    """
    goal = destination(to, None, None)
    provider = next((each for each in providers.usable() if each.name == provider_name), None)
    if provider is None:
        raise InvalidFields({"provider": [field_errors.NO_SUCH_PROVIDER]})
    kept = {"url": goal.url, "developer": developer.id, "login": str(login_id)}
    return _begun(provider, kept, of["binding"], of["base"], prompt="login", max_age="0")


def come_back(
    provider_name: str, params: dict[str, str], *, binding: str | None, base: str, address: str
) -> Arrival:
    """What becomes of a browser that the provider has sent back. Commits.

    It is always sent on: to where it wanted to go, signed in or with an `error`; to `/` where
    nobody of it has set out.
    """
    kept = _taken(params.get("state"), binding)
    if kept is None or kept["provider_name"] != provider_name:
        return Arrival(redirects.with_query("/", error=InvalidSignIn.code))
    try:
        return _arrived(kept, params, base, address)
    except DomainError as error:
        db.session.rollback()
        login_limits.tell_refused(provider_name, _told(error))
        return Arrival(redirects.with_query(kept["url"], error=error.code))


def redeem(code: str, verifier: str, address: str) -> Pair:
    """The tokens of a program's sign-in, for the code that its browser was given. Once.

    Raises InvalidToken.
    """
    kept = one_time_state.take(_CODE, code) if is_token(code, TokenKind.SIGN_IN) else None
    if kept is None or create_s256_code_challenge(verifier) != kept["challenge"]:
        raise InvalidToken
    developer = developers.locked(kept["developer"])
    if developer is None or developer.disabled_at is not None:
        raise InvalidToken
    if developer.token_generation != kept["generation"]:
        raise InvalidToken
    pair = _signed_in(developer, kept["provider_name"], kept["session"], kept["client"], address)
    db.session.commit()
    return pair


def leave(developer: Developer, login_id: uuid.UUID, base: str) -> str | None:
    """End the login; the provider's URL where its own session ends, if there is one. Commits.

    Raises InvalidToken if it has ended meanwhile.
    """
    developers.hold(developer)
    login = logins.current(developer, login_id)
    logins.end_own(developer, login_id)
    if login.provider is None or login.provider_session is None:
        return None
    try:
        provider = providers.named(login.provider)
        endpoint = metadata.of(provider.issuer).endpoints.get("end_session_endpoint")
        hint = encryption.decrypt(login.provider_session)
    except (DomainError, encryption.KeyMissing):
        return None
    if endpoint is None:
        return None
    return redirects.with_query(
        endpoint,
        id_token_hint=hint,
        client_id=provider.client_id,
        post_logout_redirect_uri=f"{base}/",
    )


def callback_of(base: str, provider_name: str) -> str:
    """The URL to which a provider sends browsers back."""
    return f"{base}/api/auth/oidc/{provider_name}/callback"


def new_binding() -> str:
    """A new secret for a browser."""
    return tokens.new(TokenKind.SIGN_IN)


def _begun(
    provider: IdentityProvider, kept: dict[str, Any], binding: str, base: str, **asked: str
) -> str:
    state, nonce, verifier = generate_token(43), generate_token(43), generate_token(64)
    url = oidc_client.way_there(
        provider,
        callback_of(base, provider.name),
        state=state,
        nonce=nonce,
        code_verifier=verifier,
        **asked,
    )
    own = {
        "provider": provider.id,
        "provider_name": provider.name,
        "nonce": nonce,
        "verifier": verifier,
        "browser": digest(binding),
        "begun_at": clock.now().isoformat(),
    }
    one_time_state.put(_STATE, state, {**kept, **own}, SECONDS)
    return url


def _taken(state: str | None, binding: str | None) -> dict[str, Any] | None:
    """What was set out with, by this very browser."""
    kept = one_time_state.take(_STATE, state) if state else None
    is_ours = kept is not None and compare_digest(kept["browser"], digest(binding or ""))
    return kept if is_ours else None


def _arrived(kept: dict[str, Any], params: dict[str, str], base: str, address: str) -> Arrival:
    provider = providers.still(kept["provider"])
    _require_issuer(provider, params.get("iss"))
    if "code" not in params:
        # The person has declined, or may not; the provider's own words stay there.
        raise SignInRefused("at_provider") if "error" in params else InvalidSignIn
    callback = callback_of(base, provider.name)
    given = oidc_client.redeemed(provider, callback, params["code"], kept["verifier"])
    claims = oidc_client.claims_of(provider, given, kept["nonce"])
    if "login" in kept:
        return _confirmed(provider, kept, claims)
    claims = oidc_client.with_userinfo(provider, given, claims)
    return _admitted(provider, kept, claims, given["id_token"], address)


def _require_issuer(provider: IdentityProvider, said: str | None) -> None:
    """RFC 9207: another provider's answer is no answer of this one. Raises InvalidSignIn."""
    published = metadata.of(provider.issuer).endpoints
    is_due = published.get("authorization_response_iss_parameter_supported") is True
    if said != provider.issuer and (said is not None or is_due):
        raise InvalidSignIn


def _admitted(
    provider: IdentityProvider,
    kept: dict[str, Any],
    claims: dict[str, Any],
    id_token: str,
    address: str,
) -> Arrival:
    try:
        who = sso.visitor(claims, provider.groups_claim)
    except ValueError:
        raise InvalidSignIn from None
    try:
        developer = account_match.admit(provider, who, clock.now())
    except SignInRefused as error:
        raise SignInRefused(error.reason, who) from None
    session = encryption.encrypt(id_token) if len(id_token) <= LONGEST_ID_TOKEN else None
    if kept["challenge"] is None:
        pair = _signed_in(developer, provider.name, session, kept["client"], address)
        db.session.commit()
        return Arrival(kept["url"], pair)
    db.session.commit()
    code = tokens.new(TokenKind.SIGN_IN)
    granted = {
        "developer": developer.id,
        "generation": developer.token_generation,
        "provider_name": provider.name,
        "session": session,
        "challenge": kept["challenge"],
        "client": kept["client"],
    }
    one_time_state.put(_CODE, code, granted, CODE_SECONDS)
    return Arrival(redirects.with_query(kept["url"], code=code))


def _confirmed(provider: IdentityProvider, kept: dict[str, Any], claims: dict[str, Any]) -> Arrival:
    """Whoever comes back has to be who has set out, and to have signed in there since."""
    begun_at = datetime.fromisoformat(kept["begun_at"])
    try:
        who = sso.visitor(claims, provider.groups_claim)
    except ValueError:
        raise InvalidSignIn from None
    identity = account_match.known(provider, who)
    if identity is None or identity.developer_id != kept["developer"]:
        raise SignInRefused("somebody_else", who)
    if not sso.signed_in_since(claims, begun_at):
        raise SignInRefused("not_anew", who)
    developer = developers.locked(kept["developer"])
    if developer is None or developer.disabled_at is not None:
        raise InvalidSignIn
    logins.confirm(developer, uuid.UUID(kept["login"]), clock.now(), by=provider.name)
    db.session.commit()
    return Arrival(kept["url"])


def _told(error: DomainError) -> dict[str, str | None]:
    """Why nobody was signed in, for the audit log; and who it was, where that is known."""
    if not isinstance(error, SignInRefused):
        return {"reason": error.code}
    if error.who is None:
        return {"reason": error.reason}
    return {"reason": error.reason, "subject": error.who.subject, "email": error.who.email}


def _signed_in(
    developer: Developer, provider: str, session: str | None, client: str, address: str
) -> Pair:
    """A new login. The caller holds the developer's lock, and commits."""
    pair = logins.begin(
        *(developer, clock.now()),
        via=LoginVia.OIDC,
        client=client,
        address=address,
        provider=provider,
    )
    login = db.session.get_one(Login, tokens.access_claims(pair.access_token).login)
    login.provider_session = session
    return pair
