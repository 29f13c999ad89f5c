"""Deploy keys, as JSON."""

from marshmallow import fields, validate

from app.api.schemas.base import Schema


class DeployKeyId(fields.String):
    """A deploy key that isn't in a project yet."""

    def __init__(self) -> None:
        super().__init__(
            validate=validate.Length(1, 64),
            metadata={
                "description": "ID of a new deploy key, from `POST …/-/deploy-key`, as `sshKey`"
            },
        )


class DeployKeySchema(Schema):
    public_key = fields.String(required=True, metadata={"description": "in OpenSSH's format"})


class SavedDeployKeySchema(Schema):
    public_key = fields.String(
        required=True, allow_none=True, metadata={"description": "null: the project has no key"}
    )


class NewDeployKeySchema(DeployKeySchema):
    id = fields.String(
        required=True, metadata={"description": "`deployKeyId` of the new project, for an hour"}
    )
