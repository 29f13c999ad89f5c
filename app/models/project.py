"""Projects and their members."""

from datetime import date
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, cast, false, func, text
from sqlalchemy.dialects.postgresql import JSONPATH
from sqlalchemy.orm import Mapped, column_property, mapped_column

from app.domain import branch_name
from app.domain.quota import OnQuota
from app.domain.roles import ProjectRole
from app.domain.sandbox import SandboxLevel
from app.extensions import Model
from app.models.columns import Big, BigId, Json, Timestamp, pg_enum, stages_of


class Project(Model):
    """A repository, and the pipeline of its tasks.

    The values of `secrets`, `git_token` and `ssh_key` are encrypted (`services.encryption`).
    `min_sandbox` is the minimum sandbox level of its attempts. `network` lists the hosts that
    stages may reach; null: all of them. `agent_options` have the format of `domain.agents`. With
    `require_change`, a task without changes fails. `quota_minutes` is how long a task may wait in
    total for its agent's account; with `quota_failover`, another machine can take it instead.
    `branch_name` is the template of its tasks' branches (`domain.branch_name`). `machine_selector`
    has the format of `domain.labels`; null: any machine. A `protected` project's work goes only to
    `protected_machines`, by ID. `budget` {minutes?, tokens?, cost?} is that of a month, and
    `budget_notified_month` the last month in which people were notified that it's almost used up;
    `task_budget` is its tasks' default. `templates` [{name, text}] are starts for task
    descriptions; they are large and loaded on demand. An archived project takes no new work
    (`archived_at`).
    """

    __tablename__ = "projects"

    id: Mapped[BigId]
    key: Mapped[str]
    name: Mapped[str]
    repo_url: Mapped[str]
    default_branch: Mapped[str]
    branch_name: Mapped[str] = mapped_column(
        default=branch_name.DEFAULT, server_default=branch_name.DEFAULT
    )
    agent_type: Mapped[str]
    agent_command: Mapped[str | None]
    agent_options: Mapped[dict[str, Any] | None] = mapped_column(Json)
    pipeline: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    stages: Mapped[list[dict[str, str]]] = stages_of(pipeline)
    max_attempts: Mapped[int] = mapped_column(default=2)
    environment: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    secrets: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    names_of_secrets: Mapped[list[str]] = column_property(
        func.jsonb_path_query_array(secrets, cast("$.keyvalue().key", JSONPATH), type_=Json),
        deferred=True,
    )
    git_token: Mapped[str | None]
    min_sandbox: Mapped[SandboxLevel | None] = mapped_column(pg_enum(SandboxLevel))
    machine_selector: Mapped[str | None]
    protected: Mapped[bool] = mapped_column(default=False, server_default=false())
    protected_machines: Mapped[list[str]] = mapped_column(Json, default=list, server_default="[]")
    network: Mapped[list[str] | None] = mapped_column(Json)
    ssh_key: Mapped[str | None]
    known_hosts: Mapped[str | None]
    require_change: Mapped[bool] = mapped_column(default=False)
    on_quota: Mapped[OnQuota] = mapped_column(pg_enum(OnQuota), default=OnQuota.WAIT)
    quota_minutes: Mapped[int] = mapped_column(default=1440)
    quota_failover: Mapped[bool] = mapped_column(default=False)
    budget: Mapped[dict[str, Any] | None] = mapped_column(Json)
    task_budget: Mapped[dict[str, Any] | None] = mapped_column(Json)
    budget_notified_month: Mapped[date | None]
    templates: Mapped[list[dict[str, str]]] = mapped_column(
        Json, default=list, server_default="[]", deferred=True
    )
    created_at: Mapped[Timestamp]
    deleted_at: Mapped[Timestamp | None]
    archived_at: Mapped[Timestamp | None]

    __table_args__ = (
        Index(
            "uq_projects_key",
            text("lower(key)"),
            unique=True,
            postgresql_where=text("deleted_at IS NULL"),
        ),
        # The dispatcher queries these in each pass.
        Index("ix_projects_selectors", "id", postgresql_where=text("machine_selector IS NOT NULL")),
        Index("ix_projects_protected", "id", postgresql_where=text("protected")),
        CheckConstraint("max_attempts >= 1", name="max_attempts"),
    )


class ProjectMember(Model):
    """A membership. If a provider's groups created or raised it (`by_groups`), `base_role` is
    what people had granted before; null: nothing.
    """

    __tablename__ = "project_members"

    project_id: Mapped[Big] = mapped_column(
        ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True
    )
    developer_id: Mapped[Big] = mapped_column(
        ForeignKey("developers.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    role: Mapped[ProjectRole] = mapped_column(pg_enum(ProjectRole))
    by_groups: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    base_role: Mapped[ProjectRole | None] = mapped_column(pg_enum(ProjectRole))
