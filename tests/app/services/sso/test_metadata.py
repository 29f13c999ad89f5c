"""What providers publish is read where it may be, and believed where it fits."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from app.domain.errors import Unavailable
from app.services.sso import metadata
from tests.sso.issuer import Issuer, serving


@pytest.fixture
def issuer(app: Flask) -> Iterator[Issuer]:
    app.extensions.pop(metadata.CACHE_KEY, None)
    with serving() as issuer:
        yield issuer


def test_it_is_read_once_for_a_while(issuer: Issuer) -> None:
    for _ in range(3):
        metadata.get(issuer.url)
        metadata.get_keys(issuer.url)
    assert sorted(issuer.asked) == ["/.well-known/openid-configuration", "/jwks"]


WRONG: dict[str, dict[str, Any]] = {
    "another issuer": {"issuer": "https://other.example.org"},
    "no issuer": {"issuer": None},
    "no endpoint": {"token_endpoint": None},
    "plain http elsewhere": {"jwks_uri": "http://keys.example.org/"},
    "no URL": {"authorization_endpoint": "javascript:alert(1)"},
    "a file": {"userinfo_endpoint": "file:///etc/passwd"},
}


@pytest.mark.parametrize("wrong", WRONG)
def test_metadata_that_does_not_fit_is_rejected(issuer: Issuer, wrong: str) -> None:
    issuer.more = WRONG[wrong]
    with pytest.raises(Unavailable):
        metadata.get(issuer.url)


@pytest.mark.parametrize("host", ["127.0.0.2", "169.254.169.254", "10.0.0.1", "[::1]"])
def test_it_leads_to_no_private_address_but_the_issuers_own(issuer: Issuer, host: str) -> None:
    """As a cloud's address for its machines."""
    issuer.more = {"jwks_uri": f"https://{host}:1/keys"}
    with pytest.raises(Unavailable):
        metadata.get_keys(issuer.url)


@pytest.mark.parametrize("keys", [{}, {"keys": []}, {"keys": [7]}, {"keys": [{"kty": "x"}]}])
def test_keys_that_are_none_sign_nobody_in(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch, keys: dict[str, Any]
) -> None:
    answer = issuer.answer
    monkeypatch.setattr(issuer, "answer", lambda path: keys if path == "/jwks" else answer(path))
    with pytest.raises(Unavailable):
        metadata.get_keys(issuer.url)


def test_an_issuer_that_is_away_is_unavailable(app: Flask) -> None:
    with pytest.raises(Unavailable):
        metadata.get("http://127.0.0.1:1")
