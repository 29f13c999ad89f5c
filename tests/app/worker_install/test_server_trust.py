"""By what machines know a server whose certificate their systems do not trust."""

import base64
import hashlib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.worker_install import server_trust
from tests.certificates import Made, make, pem

HOST = "muster.example.org"


@pytest.fixture
def authority() -> Made:
    return make("an authority of our own")


def test_a_private_authority_is_told_with_the_servers_key(tmp_path: Path, authority: Made) -> None:
    server = make(HOST, authority)
    (tmp_path / "chain.pem").write_text(pem(server, authority))
    found = server_trust.find_server_trust(str(tmp_path / "chain.pem"), HOST)
    key = server[1].public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    pin = base64.b64encode(hashlib.sha256(key).digest()).decode()
    assert found == server_trust.ServerTrust(f"sha256//{pin}", pem(authority))


def test_without_its_authority_the_certificate_itself_is_trusted(
    tmp_path: Path, authority: Made
) -> None:
    server = make(HOST, authority)
    (tmp_path / "cert.pem").write_text(pem(server))
    found = server_trust.find_server_trust(str(tmp_path / "cert.pem"), HOST)
    assert found is not None
    assert found.certificates == pem(server)


def test_what_systems_trust_needs_no_pin(
    tmp_path: Path, authority: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "system.pem").write_text(pem(authority))
    (tmp_path / "cert.pem").write_text(pem(make(HOST, authority)))
    monkeypatch.setattr(server_trust, "_bundles", lambda: [tmp_path / "system.pem"])
    assert server_trust.find_server_trust(str(tmp_path / "cert.pem"), HOST) is None
    assert (
        server_trust.find_server_trust(str(tmp_path / "cert.pem"), "elsewhere.example.org")
        is not None
    )
    assert server_trust.find_server_trust(str(tmp_path / "cert.pem"), "192.0.2.1") is not None


@pytest.mark.parametrize("text", [None, "no certificate"])
def test_a_file_that_is_none_tells_nothing(tmp_path: Path, text: str | None) -> None:
    if text:
        (tmp_path / "cert.pem").write_text(text)
    assert server_trust.find_server_trust(str(tmp_path / "cert.pem"), HOST) is None
    assert server_trust.find_server_trust(None, HOST) is None
