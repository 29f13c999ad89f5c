"""Tunnels, as JSON."""

from marshmallow import fields

from app.api.schemas.base import Id, Integer, Schema, Timestamp
from app.domain.tunnel import DEFAULT_SECONDS, MAX_SECONDS, MIN_SECONDS, TunnelState


class NewTunnel(Schema):
    ttl_seconds = Integer(
        minimum=MIN_SECONDS,
        maximum=MAX_SECONDS,
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
    restarts = Integer(required=True, metadata={"description": "after crashes; at most 3"})
