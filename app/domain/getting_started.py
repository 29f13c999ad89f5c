"""Getting started: what an empty server needs until its first task completes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from app.domain import agents, sandbox
from app.domain.machine import IN_DRAIN, MachineStatus
from app.domain.project_check import Step, StepState
from app.domain.sandbox import SandboxLevel
from app.domain.scheduling import AgentHealth
from app.domain.shown_state import ShownState


class StepName(StrEnum):
    """The steps, in their order."""

    MACHINE = "machine"
    AGENT = "agent"
    PROJECT = "project"
    TASK = "task"
    PEOPLE = "people"


class SetupState(StrEnum):
    OPEN = "open"
    WORKING = "working"
    DONE = "done"
    FAILED = "failed"


class StepReason(StrEnum):
    """Why a step has its state, where the state isn't enough."""

    ASK_ADMIN = "ask_admin"  # only admins can do it; the detail names them
    AWAITING_MACHINE = "awaiting_machine"  # an enrollment token is valid and unused
    MACHINE_OFFLINE = "machine_offline"
    MACHINE_DRAINING = "machine_draining"
    SANDBOX_NOT_FULL = "sandbox_not_full"
    NO_MACHINE = "no_machine"
    AGENT_NOT_FOUND = "agent_not_found"
    AGENT_UNHEALTHY = "agent_unhealthy"
    AGENT_UNKNOWN = "agent_unknown"  # no machine has the project's agent
    KEY_SET = "key_set"
    NO_KEY_KNOWN = "no_key_known"  # its account on the machine may be signed in
    NO_PROJECT = "no_project"
    REPOSITORY_CHECKING = "repository_checking"
    REPOSITORY_FAILED = "repository_failed"
    TASK_QUEUED = "task_queued"
    TASK_RUNNING = "task_running"
    TASK_ASKS = "task_asks"
    TASK_WAITS = "task_waits"
    TASK_FAILED = "task_failed"


@dataclass(frozen=True)
class SetupStep:
    """A step. `detail` has the name of what it's about, and more after a colon. `check` is what a
    check found in the project's repository.
    """

    step: StepName
    state: SetupState
    detail: str | None = None
    reason: StepReason | None = None
    check: Step | None = None


# ---- facts -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MachineFacts:
    name: str
    status: MachineStatus
    is_connected: bool
    level: SandboxLevel | None
    missing: Sequence[str]  # for a full sandbox, in the machine's words
    capabilities: Sequence[Mapping[str, Any]]

    @property
    def is_ready(self) -> bool:
        return self.is_connected and self.status not in IN_DRAIN

    def usable_agents(self, now: datetime) -> list[str]:
        """Return the types of its agents that can be given tasks."""
        return [
            each["agentType"]
            for each in agents.installed_agents(self.capabilities)
            if AgentHealth.from_capability(each).is_usable(now)
        ]


@dataclass(frozen=True)
class ProjectFacts:
    """`variables` are the names of its secrets and of its environment. `check` is the main result
    of its latest check as it's saved; None: unknown.
    """

    key: str
    agent_type: str
    variables: frozenset[str]
    can_change: bool
    is_checking: bool = False
    check: Step | None = None


@dataclass(frozen=True)
class TaskFacts:
    id: int
    state: ShownState


@dataclass(frozen=True)
class Facts:
    """What the steps depend on. `projects` and `task` (the newest) are those that the person sees;
    `people` counts active accounts.
    """

    is_admin: bool
    admins: Sequence[str]
    has_unused_token: bool
    people: int
    machines: Sequence[MachineFacts]
    projects: Sequence[ProjectFacts]
    task: TaskFacts | None


# ---- steps -------------------------------------------------------------------------------------


def list_done_steps() -> list[SetupStep]:
    """Return the steps of a server on which a task has completed."""
    return [SetupStep(name, SetupState.DONE) for name in StepName]


def list_steps(facts: Facts, now: datetime) -> list[SetupStep]:
    """Return the steps, in their order."""
    machine = _choose_machine(facts.machines, now)
    return [
        _machine_step(facts, machine),
        _agent_step(facts, machine, now),
        _project_step(facts),
        _task_step(facts),
        SetupStep(StepName.PEOPLE, SetupState.DONE if facts.people > 1 else SetupState.OPEN),
    ]


def _choose_machine(machines: Iterable[MachineFacts], now: datetime) -> MachineFacts | None:
    """Return the machine that can do the most; None if there is none."""
    return max(
        machines,
        key=lambda each: (
            each.is_ready,
            bool(each.usable_agents(now)),
            sandbox.rank(each.level),
            each.is_connected,
        ),
        default=None,
    )


def _ask_admin(facts: Facts, name: StepName) -> SetupStep:
    return SetupStep(name, SetupState.OPEN, ", ".join(facts.admins) or None, StepReason.ASK_ADMIN)


def _machine_step(facts: Facts, machine: MachineFacts | None) -> SetupStep:
    name = StepName.MACHINE
    if machine is None and facts.has_unused_token:
        return SetupStep(name, SetupState.WORKING, None, StepReason.AWAITING_MACHINE)
    if machine is None:
        return SetupStep(name, SetupState.OPEN) if facts.is_admin else _ask_admin(facts, name)
    if not machine.is_connected:
        return SetupStep(name, SetupState.FAILED, machine.name, StepReason.MACHINE_OFFLINE)
    if not machine.is_ready:
        return SetupStep(name, SetupState.FAILED, machine.name, StepReason.MACHINE_DRAINING)
    if machine.level is SandboxLevel.FULL:
        return SetupStep(name, SetupState.DONE, machine.name)
    detail = _join(machine.name, "; ".join(machine.missing))
    return SetupStep(name, SetupState.DONE, detail, StepReason.SANDBOX_NOT_FULL)


def _agent_step(facts: Facts, machine: MachineFacts | None, now: datetime) -> SetupStep:
    name = StepName.AGENT
    if machine is None or not machine.is_connected:
        return SetupStep(name, SetupState.OPEN, None, StepReason.NO_MACHINE)
    if usable := machine.usable_agents(now):
        return SetupStep(name, SetupState.DONE, _join(machine.name, ", ".join(usable)))
    if any(each.agent_type in agents.CUSTOM_COMMAND_TYPES for each in facts.projects):
        return SetupStep(name, SetupState.DONE, machine.name)  # the project's own command
    if found := agents.installed_agents(machine.capabilities):
        broken = ", ".join(f"{each['agentType']} ({each.get('reason')})" for each in found)
        detail = _join(machine.name, broken)
        return SetupStep(name, SetupState.FAILED, detail, StepReason.AGENT_UNHEALTHY)
    if not facts.is_admin:
        return _ask_admin(facts, name)
    return SetupStep(name, SetupState.OPEN, machine.name, StepReason.AGENT_NOT_FOUND)


def _project_step(facts: Facts) -> SetupStep:
    """Of several projects, the step is about the one that is furthest."""
    if not facts.projects and facts.is_admin:
        return SetupStep(StepName.PROJECT, SetupState.OPEN)
    if not facts.projects:
        return _ask_admin(facts, StepName.PROJECT)
    known = {
        each["agentType"]
        for machine in facts.machines
        for each in agents.installed_agents(machine.capabilities)
    }
    steps = [_describe_project(project, known) for project in facts.projects]
    order = [SetupState.DONE, SetupState.WORKING, SetupState.FAILED]
    return min(steps, key=lambda each: order.index(each.state))


def _describe_project(project: ProjectFacts, known: set[str]) -> SetupStep:
    name, check = StepName.PROJECT, project.check
    if check is not None and check.state is StepState.FAILED:
        detail = _join(project.key, check.message)
        return SetupStep(name, SetupState.FAILED, detail, StepReason.REPOSITORY_FAILED, check)
    described = _describe_agent(project, known)
    if project.is_checking and described.state is not SetupState.FAILED:
        return SetupStep(name, SetupState.WORKING, project.key, StepReason.REPOSITORY_CHECKING)
    return replace(described, check=check)


def _describe_agent(project: ProjectFacts, known: set[str]) -> SetupStep:
    """Describe the project by its agent, and by the key for it."""
    name, agent = StepName.PROJECT, project.agent_type
    if agent in agents.CUSTOM_COMMAND_TYPES:
        return SetupStep(name, SetupState.DONE, project.key)
    if known and agent not in known:
        detail = _join(project.key, agent)
        return SetupStep(name, SetupState.FAILED, detail, StepReason.AGENT_UNKNOWN)
    # Of an agent that Muster doesn't know, any variable may be the key.
    if project.variables & set(agents.KEYS.get(agent, project.variables)):
        return SetupStep(name, SetupState.DONE, project.key, StepReason.KEY_SET)
    if not project.can_change:
        return SetupStep(name, SetupState.DONE, project.key)
    return SetupStep(name, SetupState.WORKING, _join(project.key, agent), StepReason.NO_KEY_KNOWN)


def _task_step(facts: Facts) -> SetupStep:
    task = facts.task
    if task is None and not facts.projects:
        return SetupStep(StepName.TASK, SetupState.OPEN, None, StepReason.NO_PROJECT)
    if task is None or task.state is ShownState.CANCELLED:
        return SetupStep(StepName.TASK, SetupState.OPEN)
    if task.state is ShownState.COMPLETED:  # since `list_done_steps` didn't apply
        return SetupStep(StepName.TASK, SetupState.DONE)
    detail = f"#{task.id}"
    if task.state is ShownState.FAILED:
        return SetupStep(StepName.TASK, SetupState.FAILED, detail, StepReason.TASK_FAILED)
    return SetupStep(StepName.TASK, SetupState.WORKING, detail, _TASK_REASONS[task.state])


_TASK_REASONS = {
    ShownState.QUEUED: StepReason.TASK_QUEUED,
    ShownState.ASSIGNED: StepReason.TASK_QUEUED,
    ShownState.RUNNING: StepReason.TASK_RUNNING,
    ShownState.NEEDS_YOU: StepReason.TASK_ASKS,
    ShownState.WAITING: StepReason.TASK_WAITS,
}


def _join(name: str, more: str) -> str:
    return f"{name}: {more}" if more else name
