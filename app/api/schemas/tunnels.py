"""Tunnels, as JSON."""

from marshmallow import fields

from app.api.schemas.base import Id, Schema, Timestamp, Whole
from app.domain.tunnel import DEFAULT_SECONDS, LONGEST_SECONDS, SHORTEST_SECONDS, TunnelState


class NewTunnel(Schema):
    ttl_seconds = Whole(
        minimum=SHORTEST_SECONDS,
        maximum=LONGEST_SECONDS,
        load_default=DEFAULT_SECONDS,
        metadata={"description": "when it ends by itself; of one that is open nothing is changed"},
    )


class TunnelSchema(Schema):
    task_id = Id(required=True)
    state = fields.Enum(TunnelState, by_value=True, required=True)
    url = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "while connected; for those who may start and stop it"},
    )
    error = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "why it ended, or while it is starting what is in the way: somebody may "
            "have to log in first, at the address and with the code given here. For those who may "
            "start and stop it"
        },
    )
    started_at = Timestamp(required=True, allow_none=True)
    expires_at = Timestamp(required=True, allow_none=True)
    restarts = Whole(required=True, metadata={"description": "after crashes; at most 3"})
