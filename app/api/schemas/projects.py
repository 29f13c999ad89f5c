"""Projects and their pipelines, as JSON."""

import re

from marshmallow import fields, validate

from app.api.schemas import repository, ssh
from app.api.schemas.agents import AgentOptionsSchema, AgentType, WarningSchema
from app.api.schemas.base import INT8, Boolean, Id, Integer, Schema, Timestamp
from app.api.schemas.budget import BudgetSchema
from app.api.schemas.deploy_keys import DeployKeyId
from app.api.schemas.labels import SelectorField
from app.api.schemas.network import Network
from app.api.schemas.stored import StoredSchema
from app.api.schemas.task_states import TaskStatesSchema
from app.api.schemas.templates import TemplatesField
from app.api.schemas.texts import check_maskable, check_single_line
from app.domain import branch_name, field_errors, on_failure
from app.domain.answerers import Who
from app.domain.pipeline import StageKind
from app.domain.quota import OnQuota
from app.domain.roles import ProjectRole
from app.domain.sandbox import SandboxLevel
from app.services.projects.projects import DEFAULT_AGENT, KEY

MAX_SECONDS = 86_400
MAX_MINUTES = 30 * 24 * 60
_VARIABLE_NAME = validate.Regexp(
    re.compile(r"(?!MUSTER_)[A-Za-z_][A-Za-z0-9_]{0,127}\Z"),
    error=field_errors.NO_VARIABLE_NAME,
)
_VARIABLE_VALUE = validate.Length(max=10_000)
_REQUIRE_CHANGE = "a task without changes fails, with code nothing_changed"
_ON_QUOTA = "what happens to a stage whose agent's account is out of quota"
_QUOTA_MINUTES = "maximum wait for quota per round, in minutes"
_QUOTA_FAILOVER = "another machine that has the agent can take the task immediately"
_BUDGET = "per calendar month (UTC), for all its tasks"
_TASK_BUDGET = "for each of its tasks without its own budget"
_PROTECTED = "set by admins: its work and secrets go only to `protectedMachines`"
_BRANCH_NAME = (
    "template for the branch names of its tasks, with `{id}` once; existing tasks keep theirs"
)
_MAX_MACHINES = 1000
_ARCHIVED_AT = "since then, the project takes no new work"
_TEMPLATES = "templates for task descriptions"
_MIN_SANDBOX = "minimum sandbox level for attempts; null: whatever the machine has"


class AnswerersSchema(StoredSchema):
    """Who can answer a stage's gate: all members, maintainers, those who created neither the task
    nor the round's follow-up, or the named developers. Admins aren't exempt.
    """

    who = fields.String(required=True, validate=validate.OneOf([who.value for who in Who]))
    developer_ids = fields.List(
        Id(),
        validate=validate.Length(max=100),
        metadata={"description": "with `named`"},
    )


class OnFailureSchema(StoredSchema):
    """What happens when the shell stage fails: the agent stage `to` before it gets the failure in
    its session, and all stages from there run again, up to `times` in a round.
    """

    to = fields.String(required=True, validate=validate.Length(1, 64))
    times = Integer(required=True, minimum=1, maximum=on_failure.MAX_TIMES)
    message = fields.String(
        allow_none=True,
        validate=validate.Length(max=on_failure.MAX_MESSAGE),
        metadata={"description": "comes before the failure in the agent's prompt"},
    )


class StageSchema(StoredSchema):
    """A stage of a pipeline. Confirm, choices and input are exclusive, and asked before the
    stage runs.
    """

    name = fields.String(required=True, validate=[validate.Length(1, 64), check_single_line])
    command = fields.String(required=True, validate=validate.Length(1, 20_000))
    kind = fields.String(validate=validate.OneOf([kind.value for kind in StageKind]))
    timeout = Integer(minimum=1, maximum=MAX_SECONDS, metadata={"description": "seconds"})
    confirm = Boolean()
    choices = fields.List(
        fields.String(validate=[validate.Length(1, 200), check_single_line]),
        validate=validate.Length(2, 20),
    )
    input = Boolean()
    gate_timeout = Integer(minimum=1, allow_none=True, metadata={"description": "seconds"})
    prompt = fields.String(allow_none=True, validate=validate.Length(max=2000))
    answerers = fields.Nested(
        AnswerersSchema, allow_none=True, metadata={"description": "default: members"}
    )
    network = Network(metadata={"description": "overrides the project's"})
    agent_options = fields.Nested(
        AgentOptionsSchema,
        allow_none=True,
        metadata={"description": "each field overrides the project's"},
    )
    on_failure = fields.Nested(
        OnFailureSchema, allow_none=True, metadata={"description": "only of shell stages"}
    )


class StageNameSchema(Schema):
    name = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf([kind.value for kind in StageKind]))


class ProjectUpdate(Schema):
    """Any fields of a project. Omitted fields don't change."""

    name = fields.String(validate=[validate.Length(1, 200), check_single_line])
    repo_url = fields.String(validate=[validate.Length(1, 2000), repository.check_repo_url])
    default_branch = fields.String(validate=[validate.Length(1, 200), repository.check_branch_name])
    branch_name = fields.String(
        validate=validate.Length(1, branch_name.MAX_LENGTH), metadata={"description": _BRANCH_NAME}
    )
    agent_type = AgentType()
    agent_command = fields.String(allow_none=True, validate=validate.Length(max=20_000))
    agent_options = fields.Nested(
        AgentOptionsSchema, allow_none=True, metadata={"description": "replaced as a whole"}
    )
    pipeline = fields.List(fields.Nested(StageSchema), allow_none=True)
    max_attempts = Integer(minimum=1, maximum=20)
    min_sandbox = fields.Enum(
        SandboxLevel,
        by_value=True,
        allow_none=True,
        metadata={"description": _MIN_SANDBOX},
    )
    machine_selector = SelectorField(allow_none=True)
    protected = Boolean(metadata={"description": _PROTECTED})
    protected_machines = fields.List(
        fields.UUID(),
        validate=validate.Length(max=_MAX_MACHINES),
        metadata={"description": "set by admins; replaced as a whole"},
    )
    network = Network(metadata={"description": "network access of stages"})
    environment = fields.Dict(
        keys=fields.String(validate=_VARIABLE_NAME),
        values=fields.String(validate=_VARIABLE_VALUE),
        validate=validate.Length(max=200),
        metadata={"description": "replaces the existing ones"},
    )
    secrets = fields.Dict(
        keys=fields.String(validate=_VARIABLE_NAME),
        values=fields.String(allow_none=True, validate=[_VARIABLE_VALUE, check_maskable]),
        validate=validate.Length(max=200),
        metadata={
            "description": "write-only; sets each, or removes it by null; others don't change"
        },
    )
    git_token = fields.String(
        allow_none=True,
        validate=[validate.Length(max=2000), check_single_line],
        metadata={"description": "write-only; null removes it"},
    )
    ssh_key = ssh.TextLines(
        allow_none=True,
        validate=[validate.Length(max=20_000), ssh.check_private_key],
        metadata={"description": "private key without passphrase; write-only; null removes it"},
    )
    known_hosts = ssh.TextLines(
        allow_none=True,
        validate=[validate.Length(max=20_000), ssh.check_known_hosts],
        metadata={
            "description": "lines of a known_hosts file; sshKey is only used for these hosts"
        },
    )
    require_change = Boolean(metadata={"description": _REQUIRE_CHANGE})
    on_quota = fields.Enum(OnQuota, by_value=True, metadata={"description": _ON_QUOTA})
    quota_minutes = Integer(
        minimum=1, maximum=MAX_MINUTES, metadata={"description": _QUOTA_MINUTES}
    )
    quota_failover = Boolean(metadata={"description": _QUOTA_FAILOVER})
    budget = fields.Nested(BudgetSchema, allow_none=True, metadata={"description": _BUDGET})
    task_budget = fields.Nested(
        BudgetSchema, allow_none=True, metadata={"description": _TASK_BUDGET}
    )
    templates = TemplatesField(metadata={"description": f"{_TEMPLATES}; replaced as a whole"})
    archived_at = Timestamp(
        allow_none=True,
        metadata={"description": "a time archives the project, stored as now; null restores it"},
    )


class NewProject(ProjectUpdate):
    class Meta(ProjectUpdate.Meta):
        exclude = ("archived_at",)

    key = fields.String(
        required=True,
        validate=validate.Regexp(KEY.pattern + r"\Z", error=field_errors.NO_PROJECT_KEY),
    )
    repo_url = fields.String(
        required=True, validate=[validate.Length(1, 2000), repository.check_repo_url]
    )
    agent_type = AgentType(load_default=DEFAULT_AGENT)
    deploy_key_id = DeployKeyId()


class ListedProjectSchema(Schema):
    """A project as shown in lists: its pipeline has only the stage names."""

    key = fields.String(required=True, attribute="project.key")
    name = fields.String(required=True, attribute="project.name")
    repo_url = fields.String(required=True, attribute="project.repo_url")
    default_branch = fields.String(required=True, attribute="project.default_branch")
    branch_name = fields.String(
        required=True, attribute="project.branch_name", metadata={"description": _BRANCH_NAME}
    )
    agent_type = fields.String(required=True, attribute="project.agent_type")
    agent_command = fields.String(required=True, allow_none=True, attribute="project.agent_command")
    agent_options = fields.Nested(
        AgentOptionsSchema, required=True, allow_none=True, attribute="project.agent_options"
    )
    stages = fields.List(fields.Nested(StageNameSchema), required=True, attribute="project.stages")
    max_attempts = Integer(required=True, attribute="project.max_attempts")
    min_sandbox = fields.Enum(
        SandboxLevel,
        by_value=True,
        required=True,
        allow_none=True,
        attribute="project.min_sandbox",
        metadata={"description": _MIN_SANDBOX},
    )
    machine_selector = SelectorField(
        required=True, allow_none=True, attribute="project.machine_selector"
    )
    protected = fields.Boolean(
        required=True, attribute="project.protected", metadata={"description": _PROTECTED}
    )
    protected_machines = fields.List(
        fields.UUID(), required=True, attribute="project.protected_machines"
    )
    network = Network(required=True, metadata={"description": "network access of stages"})
    environment = fields.Dict(
        keys=fields.String(), values=fields.String(), required=True, attribute="project.environment"
    )
    secret_names = fields.List(fields.String(), required=True)
    has_git_token = fields.Boolean(required=True)
    has_ssh_key = fields.Boolean(required=True)
    known_hosts = fields.String(required=True, allow_none=True, attribute="project.known_hosts")
    require_change = fields.Boolean(
        required=True,
        attribute="project.require_change",
        metadata={"description": _REQUIRE_CHANGE},
    )
    on_quota = fields.Enum(
        OnQuota,
        by_value=True,
        required=True,
        attribute="project.on_quota",
        metadata={"description": _ON_QUOTA},
    )
    quota_minutes = Integer(
        required=True,
        attribute="project.quota_minutes",
        metadata={"description": _QUOTA_MINUTES},
    )
    quota_failover = fields.Boolean(
        required=True,
        attribute="project.quota_failover",
        metadata={"description": _QUOTA_FAILOVER},
    )
    budget = fields.Nested(BudgetSchema, required=True, allow_none=True, attribute="project.budget")
    task_budget = fields.Nested(
        BudgetSchema, required=True, allow_none=True, attribute="project.task_budget"
    )
    member_count = Integer(required=True)
    my_role = fields.Enum(
        ProjectRole,
        by_value=True,
        required=True,
        allow_none=True,
        metadata={"description": "your role; null: you aren't a member"},
    )
    task_counts = fields.Dict(
        keys=fields.String(),
        values=Integer(maximum=INT8),
        required=True,
        metadata={"description": "by status; includes every status"},
    )
    task_states = fields.Nested(TaskStatesSchema, required=True)
    last_activity_at = Timestamp(required=True, allow_none=True)
    created_at = Timestamp(required=True, attribute="project.created_at")
    archived_at = Timestamp(
        required=True,
        allow_none=True,
        attribute="project.archived_at",
        metadata={"description": _ARCHIVED_AT},
    )


class ProjectSchema(ListedProjectSchema):
    """A project with its complete pipeline and its templates."""

    class Meta(ListedProjectSchema.Meta):
        exclude = ("stages",)

    pipeline = fields.List(fields.Nested(StageSchema), required=True, attribute="project.pipeline")
    templates = TemplatesField(
        required=True, attribute="project.templates", metadata={"description": _TEMPLATES}
    )


class SavedProjectSchema(ProjectSchema):
    """A project that was just saved, with warnings."""

    warnings = fields.List(fields.Nested(WarningSchema), required=True)
