"""Logins of devices, as JSON."""

from marshmallow import fields, validate

from app.api.schemas.base import Integer, Schema, Timestamp
from app.domain.login import MAX_CLIENT_NAME


class NewDevice(Schema):
    client_name = fields.String(
        required=True,
        validate=validate.Length(1, MAX_CLIENT_NAME),
        metadata={"description": "what it is called to whoever lets it in"},
    )


class DeviceCodesSchema(Schema):
    device_code = fields.String(required=True, metadata={"description": "the device's secret"})
    user_code = fields.String(required=True, metadata={"description": "to be shown"})
    verification_uri = fields.String(required=True)
    verification_uri_complete = fields.String(required=True)
    expires_in = Integer(required=True, metadata={"description": "seconds"})
    interval = Integer(required=True, metadata={"description": "seconds between two questions"})


class DeviceCode(Schema):
    device_code = fields.String(required=True, validate=validate.Length(1, 200))


class WaitingDeviceSchema(Schema):
    client_name = fields.String(required=True)
    address = fields.String(required=True, metadata={"description": "where it has asked from"})
    requested_at = Timestamp(required=True)
    expires_at = Timestamp(required=True)
