"""The public halves of the keys that sign evidence, for whoever holds a bundle."""

from typing import Any

from app.api.blueprint import Blueprint
from app.api.schemas.evidence import EvidenceKeysSchema
from app.services.evidence import keys

blp = Blueprint("evidence_keys", __name__, description="Evidence")


@blp.get("/.well-known/muster-evidence.json")
@blp.response(200, EvidenceKeysSchema)
def list_evidence_keys() -> dict[str, Any]:
    """The keys by which this server signs evidence, and has signed it, the newest first."""
    return {"keys": keys.list_keys()}
