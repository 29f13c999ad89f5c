"""The agents that machines have, and warnings for people who choose one."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, column, exists, func, literal, literal_column, select, true
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import aliased

from app.domain import agents, answerers, pipeline
from app.domain.agents import AgentWarning, Options, WarningCode
from app.domain.machine import MachineStatus
from app.domain.pipeline import Stage, StageKind
from app.domain.scheduling import AgentHealth
from app.extensions import db
from app.models import Machine, Project, Task
from app.services.projects import people


@dataclass
class AgentStats:
    """An agent type: how many machines have it, on how many it's healthy, and its versions.
    Decommissioned machines don't count.
    """

    type: str
    machine_count: int = 0
    healthy_count: int = 0
    versions: list[str] = field(default_factory=list)

    @property
    def keys(self) -> tuple[str, ...]:
        """The variables with its key, one of which is enough."""
        return agents.KEYS.get(self.type, ())


def listing(now: datetime) -> list[AgentStats]:
    """Return the agent types of the contract, and all that machines have, by name."""
    found = {type_: AgentStats(type_) for type_ in agents.KNOWN}
    for row in db.session.execute(_BY_STATE):
        numbers = found.setdefault(row.type, AgentStats(row.type))
        numbers.machine_count += row.machines
        until = datetime.fromisoformat(row.until) if row.until else None
        if AgentHealth(row.healthy, until).is_usable(now):
            numbers.healthy_count += row.machines
        if row.version is not None and row.version not in numbers.versions:
            numbers.versions.append(row.version)
    return [found[type_] for type_ in sorted(found)]


_capability = func.jsonb_array_elements(Machine.capabilities).table_valued(
    column("value", JSONB), name="capability"
)
_data = _capability.c.value
_STATE = (
    _data["agentType"].as_string().label("type"),
    _data["version"].as_string().label("version"),
    func.coalesce(_data["healthy"].as_boolean(), true()).label("healthy"),
    _data["degradedUntil"].as_string().label("until"),
)
_BY_STATE = (
    select(*_STATE, func.count().label("machines"))
    .select_from(Machine)
    .join(_capability, true())
    .where(Machine.status != MachineStatus.DECOMMISSIONED)
    .group_by(*(each.element for each in _STATE))
    .order_by(_data["version"].as_string())
)


def is_known(agent_type: ColumnElement[str]) -> ColumnElement[bool]:
    """Return the condition that some machine has the agent, healthy or not."""
    machine = aliased(Machine)
    asked = func.jsonb_build_object(literal_column("'agentType'"), agent_type)
    return exists().where(
        machine.status != MachineStatus.DECOMMISSIONED,
        machine.capabilities.contains(func.jsonb_build_array(asked)),
    )


def project_warnings(project: Project) -> list[AgentWarning]:
    """Return the warnings for a saved project."""
    is_there = db.session.scalar(select(is_known(literal(project.agent_type))))
    found = warnings(project, project.agent_type, None, is_known=bool(is_there))
    return [*found, *_answerer_warnings(project)]


def _answerer_warnings(project: Project) -> list[AgentWarning]:
    """Return a warning for each stage whose gate may have nobody who can answer."""
    if not any(stage.get("answerers") for stage in project.pipeline):
        return []
    found = people.read_people([project.id])[project.id]
    return [
        AgentWarning(
            WarningCode.NO_ANSWERER,
            "pipeline",
            f"There may be nobody to answer before stage “{name}”. Then only admins can.",
        )
        for name in answerers.find_unanswerable(project.pipeline, found)
    ]


def warnings(
    project: Project, agent_type: str, task: Options | None, *, is_known: bool
) -> list[AgentWarning]:
    """Return the warnings for the project's stages, with that agent and a task's options."""
    options = [
        stage_options(stage, task, project.agent_options) or {}
        for stage in pipeline.parse(project.pipeline)
    ]
    nearest = None if is_known else agents.nearest_type(agent_type, _types())
    level = project.min_sandbox
    return agents.warnings(agent_type, options, level, is_known=is_known, nearest=nearest)


def _types() -> list[str]:
    """Return the agent types that machines have."""
    query = select(_data["agentType"].as_string()).select_from(Machine).join(_capability, true())
    here = query.where(Machine.status != MachineStatus.DECOMMISSIONED)
    return list(db.session.scalars(here.distinct()))


def stage_options(stage: Stage, task: Options | None, project: Options | None) -> Options | None:
    """Return the stage's effective agent options, with its task's and its project's.

    None if nothing is set, and for a stage without an agent.
    """
    if stage.kind is not StageKind.AGENT:
        return None
    return agents.merge_options(task, stage.agent_options, project) or None


def reads_terminal(task: Task) -> bool:
    """Whether the task's current stage may read what people type in its terminal."""
    stage = pipeline.parse(task.pipeline)[task.current_stage_index]
    options = stage_options(stage, task.agent_options, task.project.agent_options)
    return stage.kind is not StageKind.AGENT or agents.reads_terminal(task.agent_type, options)
