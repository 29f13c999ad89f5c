"""Secrets at rest."""

import pytest
from cryptography.fernet import Fernet
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.services import encryption

OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))


@pytest.fixture
def keys(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The app's keys, to be changed in place."""
    current = [OLD]
    monkeypatch.setitem(app.config, "ENCRYPTION_KEYS", current)
    return current


@given(secret=st.text(st.characters(exclude_categories=["Cs"])))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_secret_comes_back_as_it_was(app: Flask, secret: str) -> None:
    token = encryption.encrypt(secret)
    assert encryption.decrypt(token) == secret
    assert len(secret) < 8 or secret not in token


def test_an_older_key_still_decrypts_after_a_rotation(keys: list[str]) -> None:
    token = encryption.encrypt("s3cret")
    keys[:] = [NEW, OLD]
    assert encryption.decrypt(token) == "s3cret"
    rotated = encryption.rotate(token)
    keys[:] = [NEW]
    assert encryption.decrypt(rotated) == "s3cret"
    with pytest.raises(encryption.KeyMissing):
        encryption.decrypt(token)


@pytest.mark.parametrize("token", ["", "gAAAAA", "é", "x" * 200])
def test_what_is_no_token_does_not_decrypt(app: Flask, token: str) -> None:
    with pytest.raises(encryption.KeyMissing):
        encryption.decrypt(token)
