"""The public keys for verifying evidence."""

from typing import Any

from app.api.blueprint import Blueprint
from app.api.schemas.evidence import EvidenceKeysSchema
from app.services.evidence import keys

blp = Blueprint("evidence_keys", __name__, description="Evidence")


@blp.get("/.well-known/muster-evidence.json")
@blp.response(200, EvidenceKeysSchema)
def list_evidence_keys() -> dict[str, Any]:
    """List the keys that this server signs evidence with, or has signed it with, newest first."""
    return {"keys": keys.list_keys()}
