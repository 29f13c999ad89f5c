"""Requests to a provider, with Authlib: the authorization URL, and the exchange of a code."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import structlog
from authlib.common.errors import AuthlibBaseError
from authlib.oauth2.client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jws import JWSRegistry

from app.chat import http_client
from app.domain import sso
from app.domain.errors import Unavailable
from app.domain.sso import InvalidSignIn
from app.models import IdentityProvider
from app.services import encryption
from app.services.sso import metadata

# Neither `none` nor HS…, which would accept a public key as a secret.
ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "Ed25519"),
)

log = structlog.get_logger(__name__)


class _Response:
    """A response as Authlib reads it."""

    def __init__(self, response: http_client.Response) -> None:
        self.status_code, self._body = response.status, response.body

    def json(self) -> Any:
        return json.loads(self._body)

    def raise_for_status(self) -> None:
        raise Unavailable(f"The provider returned HTTP {self.status_code}.")


class _Session:
    """The session that Authlib sends its requests with: our guarded HTTP client."""

    def __init__(self, issuer: str) -> None:
        self._issuer = issuer

    def post(
        self, url: str, *, data: Mapping[str, str], headers: Mapping[str, str], auth: Any
    ) -> _Response:
        url, sent, body = auth.prepare("POST", url, dict(headers), urlencode(data))
        return _Response(metadata.send_request(self._issuer, "POST", url, sent, body.encode()))


def authorization_url(provider: IdentityProvider, callback: str, **asked: str) -> str:
    """Return the provider's URL to send a browser to.

    `asked` are `state`, `nonce`, `code_verifier`, and perhaps `prompt` and `max_age`. Raises
    Unavailable.
    """
    endpoint = metadata.get(provider.issuer).endpoints["authorization_endpoint"]
    url, _ = _client(provider, callback).create_authorization_url(endpoint, **asked)
    return str(url)


def exchange_code(
    provider: IdentityProvider, callback: str, code: str, verifier: str
) -> dict[str, Any]:
    """Return the provider's tokens for a code: `id_token`, `access_token`.

    Raises InvalidSignIn, Unavailable.
    """
    endpoint = metadata.get(provider.issuer).endpoints["token_endpoint"]
    try:
        return dict(
            _client(provider, callback).fetch_token(
                endpoint, grant_type="authorization_code", code=code, code_verifier=verifier
            )
        )
    except (AuthlibBaseError, ValueError) as error:
        log.warning("code_refused", provider=provider.name, reason=str(error)[:200])
        raise InvalidSignIn from None


def verify_id_token(
    provider: IdentityProvider, given: Mapping[str, Any], nonce: str
) -> dict[str, Any]:
    """Return the claims of the ID token, if it's valid: signed by the provider for us, for exactly
    this sign-in, and not expired.

    Raises InvalidSignIn, Unavailable.
    """
    id_token = given.get("id_token")
    if not isinstance(id_token, str):
        raise InvalidSignIn
    try:
        token = _decode_id_token(provider.issuer, id_token)
        claims = CodeIDToken(
            token.claims,
            token.header,
            {
                "iss": {"essential": True, "value": provider.issuer},
                "aud": {"essential": True, "value": provider.client_id},
            },
            {
                "nonce": nonce,
                "client_id": provider.client_id,
                "access_token": given.get("access_token"),
            },
        )
        claims.validate(leeway=int(sso.SKEW.total_seconds()))
    except (JoseError, AuthlibBaseError, ValueError, TypeError, KeyError, AttributeError) as error:
        log.warning("id_token_refused", provider=provider.name, reason=str(error)[:200])
        raise InvalidSignIn from None
    return dict(claims)


def add_userinfo(
    provider: IdentityProvider, token_response: Mapping[str, Any], claims: dict[str, Any]
) -> dict[str, Any]:
    """Return the claims, completed by userinfo if they lack email or groups.

    Raises InvalidSignIn, Unavailable.
    """
    endpoint = metadata.get(provider.issuer).endpoints.get("userinfo_endpoint")
    says_all = "email" in claims and sso.has_groups(claims, provider.groups_claim)
    access_token = token_response.get("access_token")
    if says_all or not endpoint or not isinstance(access_token, str):
        return claims
    bearer = {"Authorization": f"Bearer {access_token}"}
    userinfo = metadata.get_json(provider.issuer, endpoint, bearer)
    if userinfo.get("sub") != claims.get("sub"):  # OpenID Connect Core 5.3.2
        raise InvalidSignIn
    return {**userinfo, **claims}


def _decode_id_token(issuer: str, id_token: str) -> jwt.Token:
    registry = JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)
    keys = metadata.get_keys(issuer)
    assert keys is not None
    try:
        return jwt.decode(id_token, keys, registry=registry)
    except InvalidKeyIdError:
        fresh = metadata.get_keys(issuer, anew=True)
        if fresh is None:
            raise
        return jwt.decode(id_token, fresh, registry=registry)


def _client(provider: IdentityProvider, callback: str) -> OAuth2Client:
    secret = encryption.decrypt(provider.client_secret) if provider.client_secret else None
    return OAuth2Client(
        _Session(provider.issuer),
        client_id=provider.client_id,
        client_secret=secret,
        token_endpoint_auth_method=_client_auth_method(provider.issuer, secret),
        scope=provider.scopes,
        redirect_uri=callback,
        code_challenge_method="S256",
    )


def _client_auth_method(issuer: str, secret: str | None) -> str:
    """Return how the client authenticates.

    In the body rather than in a header, where implementations encode special characters of a secret
    differently.
    """
    if secret is None:
        return "none"
    known = metadata.get(issuer).endpoints.get("token_endpoint_auth_methods_supported") or ()
    return "client_secret_post" if "client_secret_post" in known else "client_secret_basic"
