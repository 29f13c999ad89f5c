"""The redirects to a provider and back: a browser leaves, returns with a code, and is signed in.

The flow's state is in Redis, under the `state` that the provider returns, and is consumed once. It
names the browser, by a secret in a cookie: a state that was copied into another browser is useless
there.
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
from app.services.accounts.logins import TokenPair
from app.services.sso import account_match, metadata, oidc_client, providers

STATE_LIFETIME_SECONDS = 600  # time to sign in at the provider
CODE_LIFETIME_SECONDS = 60
MAX_STARTED = 300  # per address in 15 minutes
_STATE, _CODE = "sso_state", "sso_code"
MAX_ID_TOKEN = 16_384


@dataclass(frozen=True)
class Destination:
    """The destination after the provider: a path of ours or, with a challenge, a program on the
    person's machine that listens at `url`.
    """

    url: str
    challenge: str | None = None


@dataclass(frozen=True)
class SignInResult:
    """Where the browser is redirected, and its login, if it's on a page of ours."""

    url: str
    pair: TokenPair | None = None


def parse_destination(
    to: str | None, redirect_uri: str | None, challenge: str | None
) -> Destination:
    """Return the requested destination. Raises InvalidFields."""
    if redirect_uri is None:
        path = to or "/"
        if not redirects.is_own_path(path):
            raise InvalidFields({"next": [field_errors.NO_PATH]})
        return Destination(path)
    if not redirects.is_loopback_redirect(redirect_uri):
        raise InvalidFields({"redirectUri": [field_errors.NO_LOOPBACK]})
    if challenge is None or not redirects.CHALLENGE.fullmatch(challenge):
        raise InvalidFields({"codeChallenge": [field_errors.NO_CHALLENGE]})
    return Destination(redirect_uri, challenge)


def start_sign_in(
    provider_name: str, goal: Destination, *, binding: str, base: str, address: str, client: str
) -> str:
    """Return the provider's URL for a new sign-in.

    `binding` is the browser's secret, `base` this server's own URL. If the provider can't be
    reached, it's the destination's URL with that error. Raises NotFound, TooManyAttempts.
    """
    provider = providers.find_by_name(provider_name)
    one_time_state.limit_rate("sso_started", address, MAX_STARTED)
    kept = {"url": goal.url, "challenge": goal.challenge, "client": client}
    try:
        return _start(provider, kept, binding, base)
    except Unavailable as error:
        return redirects.add_query(goal.url, error=error.code)


def start_reauthentication(
    developer: Developer, login_id: uuid.UUID, provider_name: str, to: str | None, **of: str
) -> str:
    """Return the provider's URL for a reauthentication; `of` are `binding` and `base`. Raises
    InvalidFields, Unavailable.
    """
    goal = parse_destination(to, None, None)
    provider = providers.require_enabled(provider_name)
    kept = {"url": goal.url, "developer": developer.id, "login": str(login_id)}
    return _start(provider, kept, of["binding"], of["base"], prompt="login", max_age="0")


def start_invited_sign_in(
    invitation_id: int, provider_name: str, *, client: str, address: str, **of: str
) -> str:
    """Return the provider's URL for a sign-in that accepts the invitation; `of` as above. Raises
    InvalidFields, TooManyAttempts, Unavailable.
    """
    provider = providers.require_enabled(provider_name)
    one_time_state.limit_rate("sso_started", address, MAX_STARTED)
    kept = {"url": "/", "challenge": None, "client": client, "invitation": invitation_id}
    return _start(provider, kept, of["binding"], of["base"])


def handle_callback(
    provider_name: str, params: dict[str, str], *, binding: str | None, base: str, address: str
) -> SignInResult:
    """Handle a browser that the provider has sent back. Commits.

    It's always redirected: to its destination, signed in or with an `error`; to `/` if it started
    no sign-in.
    """
    kept = _consume_state(params.get("state"), binding)
    if kept is None or kept["provider_name"] != provider_name:
        return SignInResult(redirects.add_query("/", error=InvalidSignIn.code))
    try:
        return _finish(kept, params, base, address)
    except DomainError as error:
        db.session.rollback()
        login_limits.audit_refusal(provider_name, _audit_details(error))
        return SignInResult(redirects.add_query(kept["url"], error=error.code))


def redeem_code(code: str, verifier: str, address: str) -> TokenPair:
    """Return the tokens of a program's sign-in, for the code that its browser got. Works once.

    Raises InvalidToken.
    """
    kept = one_time_state.consume(_CODE, code) if is_token(code, TokenKind.SIGN_IN) else None
    if kept is None or create_s256_code_challenge(verifier) != kept["challenge"]:
        raise InvalidToken
    developer = developers.lock_developer(kept["developer"])
    if developer is None or developer.disabled_at is not None:
        raise InvalidToken
    if developer.token_generation != kept["generation"]:
        raise InvalidToken
    pair = _start_login(developer, kept["provider_name"], kept["session"], kept["client"], address)
    db.session.commit()
    return pair


def end_session(developer: Developer, login_id: uuid.UUID, base: str) -> str | None:
    """End the login; return the provider's URL that ends its own session, if there is one. Commits.

    Raises InvalidToken if it has ended meanwhile.
    """
    developers.lock_current(developer)
    login = logins.lock_current(developer, login_id)
    logins.end_own(developer, login_id)
    if login.provider is None or login.provider_session is None:
        return None
    try:
        provider = providers.find_by_name(login.provider)
        endpoint = metadata.get(provider.issuer).endpoints.get("end_session_endpoint")
        hint = encryption.decrypt(login.provider_session)
    except (DomainError, encryption.KeyMissing):
        return None
    if endpoint is None:
        return None
    return redirects.add_query(
        endpoint,
        id_token_hint=hint,
        client_id=provider.client_id,
        post_logout_redirect_uri=f"{base}/",
    )


def callback_url(base: str, provider_name: str) -> str:
    """Return the URL to which a provider sends browsers back."""
    return f"{base}/api/auth/oidc/{provider_name}/callback"


def new_binding() -> str:
    """Return a new secret for a browser."""
    return tokens.generate(TokenKind.SIGN_IN)


def _start(
    provider: IdentityProvider, kept: dict[str, Any], binding: str, base: str, **asked: str
) -> str:
    state, nonce, verifier = generate_token(43), generate_token(43), generate_token(64)
    url = oidc_client.authorization_url(
        provider,
        callback_url(base, provider.name),
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
    one_time_state.store(_STATE, state, {**kept, **own}, STATE_LIFETIME_SECONDS)
    return url


def _consume_state(state: str | None, binding: str | None) -> dict[str, Any] | None:
    """Consume and return the state that this browser started with."""
    kept = one_time_state.consume(_STATE, state) if state else None
    is_ours = kept is not None and compare_digest(kept["browser"], digest(binding or ""))
    return kept if is_ours else None


def _finish(kept: dict[str, Any], params: dict[str, str], base: str, address: str) -> SignInResult:
    provider = providers.find_enabled(kept["provider"])
    _require_issuer(provider, params.get("iss"))
    if "code" not in params:
        # The person declined, or isn't allowed; the provider's message stays there.
        raise SignInRefused("at_provider") if "error" in params else InvalidSignIn
    callback = callback_url(base, provider.name)
    given = oidc_client.exchange_code(provider, callback, params["code"], kept["verifier"])
    claims = oidc_client.verify_id_token(provider, given, kept["nonce"])
    if "login" in kept:
        return _finish_reauthentication(provider, kept, claims)
    claims = oidc_client.add_userinfo(provider, given, claims)
    return _finish_sign_in(provider, kept, claims, given["id_token"], address)


def _require_issuer(provider: IdentityProvider, issuer: str | None) -> None:
    """Check the issuer (RFC 9207): another provider's response is invalid. Raises InvalidSignIn."""
    published = metadata.get(provider.issuer).endpoints
    is_due = published.get("authorization_response_iss_parameter_supported") is True
    if issuer != provider.issuer and (issuer is not None or is_due):
        raise InvalidSignIn


def _finish_sign_in(
    provider: IdentityProvider,
    kept: dict[str, Any],
    claims: dict[str, Any],
    id_token: str,
    address: str,
) -> SignInResult:
    try:
        who = sso.user_from_claims(claims, provider.groups_claim)
    except ValueError:
        raise InvalidSignIn from None
    try:
        now, invitation_id = clock.now(), kept.get("invitation")
        developer = account_match.find_or_create(provider, who, now, invitation_id)
    except SignInRefused as error:
        raise SignInRefused(error.reason, who) from None
    session = encryption.encrypt(id_token) if len(id_token) <= MAX_ID_TOKEN else None
    if kept["challenge"] is None:
        pair = _start_login(developer, provider.name, session, kept["client"], address)
        db.session.commit()
        return SignInResult(kept["url"], pair)
    db.session.commit()
    code = tokens.generate(TokenKind.SIGN_IN)
    granted = {
        "developer": developer.id,
        "generation": developer.token_generation,
        "provider_name": provider.name,
        "session": session,
        "challenge": kept["challenge"],
        "client": kept["client"],
    }
    one_time_state.store(_CODE, code, granted, CODE_LIFETIME_SECONDS)
    return SignInResult(redirects.add_query(kept["url"], code=code))


def _finish_reauthentication(
    provider: IdentityProvider, kept: dict[str, Any], claims: dict[str, Any]
) -> SignInResult:
    """Reauthenticate: the same person must return, and must have signed in there since."""
    begun_at = datetime.fromisoformat(kept["begun_at"])
    try:
        who = sso.user_from_claims(claims, provider.groups_claim)
    except ValueError:
        raise InvalidSignIn from None
    identity = account_match.find_identity(provider, who)
    if identity is None or identity.developer_id != kept["developer"]:
        raise SignInRefused("somebody_else", who)
    if not sso.has_signed_in_since(claims, begun_at):
        raise SignInRefused("not_anew", who)
    developer = developers.lock_developer(kept["developer"])
    if developer is None or developer.disabled_at is not None:
        raise InvalidSignIn
    logins.reauthenticate(developer, uuid.UUID(kept["login"]), clock.now(), by=provider.name)
    db.session.commit()
    return SignInResult(kept["url"])


def _audit_details(error: DomainError) -> dict[str, str | None]:
    """Return why nobody was signed in, for the audit log, and the person, if known."""
    if not isinstance(error, SignInRefused):
        return {"reason": error.code}
    if error.who is None:
        return {"reason": error.reason}
    return {"reason": error.reason, "subject": error.who.subject, "email": error.who.email}


def _start_login(
    developer: Developer, provider: str, session: str | None, client: str, address: str
) -> TokenPair:
    """Create a login. The caller holds the developer's lock, and commits."""
    pair = logins.start(
        *(developer, clock.now()),
        via=LoginVia.OIDC,
        client=client,
        address=address,
        provider=provider,
    )
    login = db.session.get_one(Login, tokens.access_claims(pair.access_token).login)
    login.provider_session = session
    return pair
