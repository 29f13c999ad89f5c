"""Answers to chat platforms, with the platforms' own names."""

from marshmallow import fields

from app.api.schemas.base import Schema


class WebhookReply(Schema):
    """Empty where the platform expects no answer."""

    challenge = fields.String(metadata={"description": "of a handshake, back as it came"})
    response_action = fields.String(
        data_key="response_action", metadata={"description": "Slack: closes a dialog"}
    )
    response_type = fields.String(
        data_key="response_type", metadata={"description": "Slack: who sees `text`"}
    )
    text = fields.String(metadata={"description": "Slack: what to show at once"})

    def on_bind_field(self, field_name: str, field_obj: fields.Field) -> None:  # type: ignore[type-arg]
        """Keep the name as it is: Slack does not use camelCase."""
