"""A project's pipeline: its stages, their gates, and what follows what.

`parse` turns what a project stores into stages, `next_step` says what to do before a stage,
`advance` what to do after one, `accept` judges an answer. All are pure.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from app.domain.errors import InvalidFields
from app.domain.task import FailureCode

VARIABLES = ("description", "branch", "project", "choice", "input")
MAX_STAGES = 20
MAX_INPUT = 10_000
DEFAULT_TIMEOUT = 3600

_VARIABLE = re.compile(r"\{([a-z]+)\}")


class StageKind(StrEnum):
    AGENT = "agent"
    SHELL = "shell"


class GateKind(StrEnum):
    CONFIRM = "confirm"
    CHOOSE = "choose"
    INPUT = "input"


@dataclass(frozen=True)
class Gate:
    """A question to a person, asked before its stage runs. `timeout` is in seconds."""

    kind: GateKind
    prompt: str
    choices: tuple[str, ...] = ()
    timeout: float | None = None


@dataclass(frozen=True)
class Stage:
    """One step of a pipeline. `timeout` is in seconds."""

    name: str
    command: str
    kind: StageKind = StageKind.AGENT
    timeout: float = DEFAULT_TIMEOUT
    gate: Gate | None = None


DEFAULT: tuple[dict[str, Any], ...] = (
    {"name": "develop", "command": "{description}", "kind": "agent", "timeout": DEFAULT_TIMEOUT},
)


def parse(raw: Sequence[Mapping[str, Any]]) -> tuple[Stage, ...]:
    """Stages of a stored or a requested pipeline. Raises InvalidFields.

    Keys of `raw` are the contract's: name, command, kind, timeout, confirm, choices, input,
    gateTimeout, prompt; their types have been checked by the schema.
    """
    if not 1 <= len(raw) <= MAX_STAGES:
        raise InvalidFields({"pipeline": [f"a pipeline has 1 to {MAX_STAGES} stages"]})
    errors = {f"pipeline.{i}": e for i, stage in enumerate(raw) if (e := _faults(stage))}
    names = [stage["name"] for stage in raw]
    for i, name in enumerate(names):
        if name in names[:i]:
            errors.setdefault(f"pipeline.{i}", []).append(f"a second stage is named {name!r}")
    if errors:
        raise InvalidFields(errors)
    return tuple(_stage(stage) for stage in raw)


def require_questions(raw: Sequence[Mapping[str, Any]]) -> None:
    """Raises InvalidFields for a stage that says how to ask, and asks nothing.

    For what is saved from now on: `parse` takes such stages, for there are stored ones.
    """
    errors = {f"pipeline.{i}": e for i, stage in enumerate(raw) if (e := _idle(stage))}
    if errors:
        raise InvalidFields(errors)


def _idle(raw: Mapping[str, Any]) -> list[str]:
    if _gate(raw) is not None:
        return []
    given = [key for key in ("gateTimeout", "prompt") if raw.get(key)]
    return [f"{key} needs one of confirm, choices and input" for key in given]


def _faults(raw: Mapping[str, Any]) -> list[str]:
    found = []
    if sum(bool(raw.get(key)) for key in ("confirm", "choices", "input")) > 1:
        found.append("at most one of confirm, choices and input may be given")
    if raw.get("kind", StageKind.AGENT) == StageKind.AGENT:
        unknown = sorted(set(_VARIABLE.findall(raw["command"])) - set(VARIABLES))
        known = ", ".join(f"{{{name}}}" for name in VARIABLES)
        found += [f"{{{name}}} is not a variable; there are {known}" for name in unknown]
    choices = raw.get("choices") or []
    if len(set(choices)) != len(choices):
        found.append("choices must differ from each other")
    return found


def _stage(raw: Mapping[str, Any]) -> Stage:
    return Stage(
        name=raw["name"],
        command=raw["command"],
        kind=StageKind(raw.get("kind", StageKind.AGENT)),
        timeout=raw.get("timeout", DEFAULT_TIMEOUT),
        gate=_gate(raw),
    )


def _gate(raw: Mapping[str, Any]) -> Gate | None:
    timeout, prompt = raw.get("gateTimeout"), raw.get("prompt")
    if raw.get("confirm"):
        return Gate(GateKind.CONFIRM, prompt or f"Run stage “{raw['name']}”?", timeout=timeout)
    if choices := raw.get("choices"):
        text = prompt or f"Choose for stage “{raw['name']}”"
        return Gate(GateKind.CHOOSE, text, tuple(choices), timeout)
    if raw.get("input"):
        return Gate(GateKind.INPUT, prompt or f"Input for stage “{raw['name']}”", timeout=timeout)
    return None


def fill(command: str, variables: Mapping[str, str]) -> str:
    """The agent's instruction: `{name}` of a known variable replaced once, all else literal."""
    return _VARIABLE.sub(lambda found: variables.get(found[1], found[0]), command)


def instruction(stage: Stage, variables: Mapping[str, str]) -> str:
    """What a machine is to run. A shell script is never pasted into (contract.md, section 5)."""
    if stage.kind is StageKind.SHELL:
        return stage.command
    return fill(stage.command, variables)


# ---- what follows what -------------------------------------------------------------------------


@dataclass(frozen=True)
class Run:
    """The machine is to carry out this stage."""

    stage_index: int


@dataclass(frozen=True)
class Ask:
    """A person is to answer the gate of this stage first."""

    stage_index: int
    gate: Gate


@dataclass(frozen=True)
class Publish:
    """All stages are done: the machine is to push the branch."""


@dataclass(frozen=True)
class Fail:
    """The task is over."""

    code: str
    message: str


Step = Run | Ask | Publish | Fail


@dataclass(frozen=True)
class StageOutcome:
    """How a stage's process ended: see `muster.protocol.frames.StageFinished`."""

    how: Literal["exit", "signal", "timeout", "stopped", "lease"]
    code: int = 0


def next_step(stages: Sequence[Stage], index: int, answered: bool = False) -> Step:
    """What to do to get stage `index` done; `answered` says that its gate has been."""
    if index >= len(stages):
        return Publish()
    gate = stages[index].gate
    if gate is not None and not answered:
        return Ask(index, gate)
    return Run(index)


def advance(
    stages: Sequence[Stage], index: int, outcome: StageOutcome, answered: bool = False
) -> Step:
    """What follows the end of stage `index`; `answered` speaks of the gate of the one after."""
    if outcome.how == "exit" and outcome.code == 0:
        return next_step(stages, index + 1, answered)
    name = stages[index].name
    if outcome.how == "timeout":
        text = f"stage “{name}” took longer than {stages[index].timeout:g} s"
        return Fail(FailureCode.STAGE_TIMEOUT, text)
    return Fail(FailureCode.STAGE_FAILED, f"stage “{name}” {_ending(outcome)}")


def _ending(outcome: StageOutcome) -> str:
    return {
        "exit": f"ended with exit code {outcome.code}",
        "signal": f"was ended by signal {outcome.code}",
        "lease": "was ended by its machine, which had lost the server for too long",
    }.get(outcome.how, "was stopped")


# ---- when an attempt is over ---------------------------------------------------------------------


@dataclass(frozen=True)
class Restart:
    """Where a task goes on, and the gates that are asked again because their subject is lost."""

    stage_index: int
    withdrawn: tuple[int, ...]


def restart(at: int, checkpoints: Collection[int], asked: Collection[int] = ()) -> Restart:
    """What becomes of a task whose attempt is over at stage `at`.

    It goes on there if the stage before has left a checkpoint, else at the latest stage before it
    that can be resumed, else at the first. A gate asks about the work of the stages before its own:
    of those in `asked`, answered or not, the ones that come after a stage which is done again have
    lost their subject. (The first stage's asks about no work, and stays answered.)
    """
    reached = range(at, 0, -1)
    start = next((index for index in reached if index - 1 in checkpoints), 0)
    return Restart(start, tuple(sorted(index for index in asked if index > start)))


# ---- answers -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Go:
    """The answer lets the stage run; these variables come with it."""

    variables: Mapping[str, str]


@dataclass(frozen=True)
class Rejected:
    """The answer ends the task."""


def accept(kind: GateKind, choices: Sequence[str], result: str) -> Go | Rejected:
    """Judge an answer. Raises InvalidFields for one that the gate does not offer."""
    if kind is GateKind.CONFIRM:
        return _accept_confirm(result)
    if kind is GateKind.CHOOSE:
        if result not in choices:
            raise InvalidFields({"result": [f"must be one of: {', '.join(choices)}"]})
        return Go({"choice": result})
    if not 1 <= len(result) <= MAX_INPUT:
        raise InvalidFields({"result": [f"must have 1 to {MAX_INPUT:,} characters"]})
    return Go({"input": result})


def _accept_confirm(result: str) -> Go | Rejected:
    match result.lower():  # casefold would take the ligature in “conﬁrm” for two letters
        case "confirm":
            return Go({})
        case "reject":
            return Rejected()
    raise InvalidFields({"result": ["must be confirm or reject"]})
