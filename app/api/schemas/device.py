"""Device sign-ins, as JSON."""

from marshmallow import fields, validate

from app.api.schemas.base import Integer, Schema, Timestamp
from app.domain.login import MAX_CLIENT_NAME


class NewDevice(Schema):
    client_name = fields.String(
        required=True,
        validate=validate.Length(1, MAX_CLIENT_NAME),
        metadata={"description": "name shown to the person who approves it"},
    )


class DeviceCodesSchema(Schema):
    device_code = fields.String(required=True, metadata={"description": "secret of the device"})
    user_code = fields.String(required=True, metadata={"description": "code to show"})
    verification_uri = fields.String(required=True)
    verification_uri_complete = fields.String(required=True)
    expires_in = Integer(required=True, metadata={"description": "seconds"})
    interval = Integer(required=True, metadata={"description": "seconds between polls"})


class DeviceCode(Schema):
    device_code = fields.String(required=True, validate=validate.Length(1, 200))


class WaitingDeviceSchema(Schema):
    client_name = fields.String(required=True)
    address = fields.String(
        required=True, metadata={"description": "address of the device's request"}
    )
    requested_at = Timestamp(required=True)
    expires_at = Timestamp(required=True)
