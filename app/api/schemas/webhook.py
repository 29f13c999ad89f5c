"""Responses to chat platforms, with the platforms' own names."""

from marshmallow import fields

from app.api.schemas.base import Schema


class WebhookReply(Schema):
    """Empty if the platform expects no response."""

    challenge = fields.String(metadata={"description": "value of a handshake, returned unchanged"})
    response_action = fields.String(
        data_key="response_action", metadata={"description": "Slack: closes a dialog"}
    )
    response_type = fields.String(
        data_key="response_type", metadata={"description": "Slack: who sees `text`"}
    )
    text = fields.String(metadata={"description": "Slack: content to show immediately"})

    def on_bind_field(self, field_name: str, field_obj: fields.Field) -> None:  # type: ignore[type-arg]
        """Keep the name unchanged: Slack doesn't use camelCase."""
