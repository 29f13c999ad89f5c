"""Checks of projects, as JSON."""

from marshmallow import fields, validate

from app.api.schemas import repository, ssh
from app.api.schemas.agents import AgentType
from app.api.schemas.base import Schema
from app.api.schemas.deploy_keys import DeployKeyId
from app.api.schemas.texts import check_single_line
from app.domain.project_check import CheckState, CheckStep, StepState


class ProjectCheck(Schema):
    """What to check. Omitted fields are the project's; nothing is saved."""

    repo_url = fields.String(validate=[validate.Length(1, 2000), repository.check_repo_url])
    default_branch = fields.String(validate=[validate.Length(1, 200), repository.check_branch_name])
    git_token = fields.String(
        allow_none=True,
        validate=[validate.Length(max=2000), check_single_line],
        metadata={"description": "write-only; null: without the stored one"},
    )
    ssh_key = ssh.TextLines(
        allow_none=True,
        validate=[validate.Length(max=20_000), ssh.check_private_key],
        metadata={"description": "write-only; null: without the stored one"},
    )
    deploy_key_id = DeployKeyId()
    known_hosts = ssh.TextLines(
        allow_none=True, validate=[validate.Length(max=20_000), ssh.check_known_hosts]
    )
    agent_type = AgentType()


class StartedCheckSchema(Schema):
    id = fields.String(required=True)


class CheckStepSchema(Schema):
    step = fields.Enum(CheckStep, by_value=True, required=True)
    state = fields.Enum(StepState, by_value=True, required=True)
    code = fields.String(required=True)
    message = fields.String(required=True)
    field = fields.String(
        required=True, metadata={"description": "the project's field that decides the result"}
    )
    params = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        required=True,
        metadata={"description": "the values in `message`"},
    )
    details = fields.String(
        required=True, allow_none=True, metadata={"description": "git's own text"}
    )


class HostKeySchema(Schema):
    type = fields.String(required=True)
    fingerprint = fields.String(required=True, metadata={"description": "`SHA256:…`"})
    line = fields.String(
        required=True, metadata={"description": "line for `knownHosts`, if you accept the key"}
    )


class ProjectCheckResultSchema(Schema):
    """A check, and its results so far."""

    state = fields.Enum(CheckState, by_value=True, required=True)
    machine = fields.String(
        required=True, allow_none=True, metadata={"description": "the machine that checks"}
    )
    steps = fields.List(fields.Nested(CheckStepSchema), required=True)
    host_keys = fields.List(
        fields.Nested(HostKeySchema),
        required=True,
        metadata={"description": "keys of the repository's SSH host, if the machine knows none"},
    )
