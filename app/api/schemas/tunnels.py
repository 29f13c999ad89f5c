"""Tunnels, as JSON."""

from marshmallow import fields

from app.api.schemas.base import Id, Integer, Schema, Timestamp
from app.domain.tunnel import DEFAULT_SECONDS, MAX_SECONDS, MIN_SECONDS, TunnelState


class NewTunnel(Schema):
    ttl_seconds = Integer(
        minimum=MIN_SECONDS,
        maximum=MAX_SECONDS,
        load_default=DEFAULT_SECONDS,
        metadata={"description": "time when it closes; can't be changed while it's open"},
    )


class TunnelSchema(Schema):
    task_id = Id(required=True)
    state = fields.Enum(TunnelState, by_value=True, required=True)
    url = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "while connected; only if you can start and stop it"},
    )
    error = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "reason why it ended, or what it waits for while starting: you "
            "may have to log in first, at the address and with the code "
            "given here. Only if you can start and stop it"
        },
    )
    started_at = Timestamp(required=True, allow_none=True)
    expires_at = Timestamp(required=True, allow_none=True)
    restarts = Integer(required=True, metadata={"description": "restarts after crashes; at most 3"})
