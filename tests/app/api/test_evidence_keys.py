"""/.well-known/muster-evidence.json: the public keys of bundles' signatures."""

import base64

from flask.testing import FlaskClient

from app.extensions import db
from app.models import EvidenceKey

KEYS = "/.well-known/muster-evidence.json"


def test_keys_are_published_without_a_credential(client: FlaskClient) -> None:
    answer = client.get(KEYS)
    (key,) = answer.json["keys"]
    assert (key["algorithm"], key["retiredAt"]) == ("Ed25519", None)
    assert len(base64.b64decode(key["publicKey"])) == 32
    assert client.get(KEYS).json == answer.json


def test_the_private_half_is_sealed(client: FlaskClient) -> None:
    client.get(KEYS)
    row = db.session.query(EvidenceKey).one()
    assert row.private_key is not None
    assert row.private_key.startswith("gAAAA")
