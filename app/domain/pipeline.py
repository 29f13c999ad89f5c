"""A project's pipeline: its stages, their gates, and the order of steps.

`parse` turns a stored pipeline into stages. `next_step` decides what to do before a stage,
`advance` what to do after one, and `judge_answer` judges an answer to a gate. All are pure
functions.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from app.domain import answerers, field_errors, on_failure
from app.domain.agent_failure import AgentFailure
from app.domain.agents import Options
from app.domain.errors import InvalidFields
from app.domain.network import NetworkSpec
from app.domain.on_failure import OnFailure
from app.domain.task import FailureCode

VARIABLES = ("description", "branch", "project", "choice", "input", "instruction", "round")
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
    QUESTION = "question"  # in the middle of a stage: its agent asks for a choice or for input
    BUDGET = "budget"  # likewise: a budget is used up; choices: continue, stop
    BRANCH = "branch"  # after the last stage: the task's branch was changed outside Muster
    CHECKPOINT = "checkpoint"  # the task's starting point was changed outside Muster: resume, end
    PERMISSION = "permission"  # in the middle of a stage: its agent wants to do something


AGENT_GATES = (GateKind.QUESTION, GateKind.PERMISSION)
"""Asked by the agent in the middle of its stage, whose process waits for the answer."""


@dataclass(frozen=True)
class Gate:
    """A question to a person, asked before its stage runs. `timeout`: seconds; None: no limit.
    `answerers`: as stored (`domain.answerers`); None: members.
    """

    kind: GateKind
    prompt: str
    choices: tuple[str, ...] = ()
    timeout: float | None = None
    answerers: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Stage:
    """One step of a pipeline. `timeout` is in seconds.

    `network` and `agent_options` are the stage's own settings, if any.
    """

    name: str
    command: str
    kind: StageKind = StageKind.AGENT
    timeout: float = DEFAULT_TIMEOUT
    gate: Gate | None = None
    network: NetworkSpec | None = None
    agent_options: Options | None = None
    on_failure: OnFailure | None = None


DEFAULT: tuple[dict[str, Any], ...] = (
    {"name": "develop", "command": "{description}", "kind": "agent", "timeout": DEFAULT_TIMEOUT},
)


def parse(raw: Sequence[Mapping[str, Any]]) -> tuple[Stage, ...]:
    """Return the stages of a stored or requested pipeline. Raises InvalidFields.

    The keys in `raw` are those of the API: name, command, kind, timeout, confirm, choices, input,
    gateTimeout, prompt, answerers, network, agentOptions, onFailure. The schema has checked the
    types of their values.
    """
    if not 1 <= len(raw) <= MAX_STAGES:
        raise InvalidFields({"pipeline": [field_errors.STAGE_COUNT(max=MAX_STAGES)]})
    errors = {f"pipeline.{i}": e for i in range(len(raw)) if (e := _find_errors(raw, i))}
    names = [stage["name"] for stage in raw]
    for i, name in enumerate(names):
        if name in names[:i]:
            errors.setdefault(f"pipeline.{i}", []).append(field_errors.STAGE_NAME_TWICE(name=name))
    if errors:
        raise InvalidFields(errors)
    return tuple(_parse_stage(raw, index) for index in range(len(raw)))


def _find_errors(stages: Sequence[Mapping[str, Any]], index: int) -> list[field_errors.FieldError]:
    raw, found = stages[index], on_failure.find_errors(stages, index)
    if sum(bool(raw.get(key)) for key in ("confirm", "choices", "input")) > 1:
        found.append(field_errors.GATES_CLASH)
    if raw.get("kind", StageKind.AGENT) == StageKind.AGENT:
        unknown = sorted(set(_VARIABLE.findall(raw["command"])) - set(VARIABLES))
        known = ", ".join(f"{{{name}}}" for name in VARIABLES)
        found += [field_errors.UNKNOWN_VARIABLE(name=name, known=known) for name in unknown[:20]]
    choices = raw.get("choices") or []
    if len(set(choices)) != len(choices):
        found.append(field_errors.CHOICE_TWICE)
    who = raw.get("answerers") or {}
    if (who.get("who") == answerers.Who.NAMED) != bool(who.get("developerIds")):
        found.append(field_errors.ANSWERERS_NAMED)
    return found


def _parse_stage(stages: Sequence[Mapping[str, Any]], index: int) -> Stage:
    raw = stages[index]
    return Stage(
        name=raw["name"],
        command=raw["command"],
        kind=StageKind(raw.get("kind", StageKind.AGENT)),
        timeout=raw.get("timeout", DEFAULT_TIMEOUT),
        gate=_parse_gate(raw),
        network=raw.get("network"),
        agent_options=raw.get("agentOptions"),
        on_failure=on_failure.parse(stages, index),
    )


def _parse_gate(raw: Mapping[str, Any]) -> Gate | None:
    prompt, name = raw.get("prompt"), raw["name"]
    of_all: dict[str, Any] = {
        "timeout": raw.get("gateTimeout"),
        "answerers": answerers.to_stored(raw.get("answerers")),
    }
    if raw.get("confirm"):
        return Gate(GateKind.CONFIRM, prompt or f"Run stage “{name}”?", **of_all)
    if choices := raw.get("choices"):
        text = prompt or f"Choose for stage “{name}”"
        return Gate(GateKind.CHOOSE, text, tuple(choices), **of_all)
    if raw.get("input"):
        return Gate(GateKind.INPUT, prompt or f"Input for stage “{name}”", **of_all)
    return None


def is_agent_stage(raw: Sequence[Mapping[str, Any]], index: int) -> bool:
    """Whether that stage of a stored pipeline runs an agent."""
    return bool(raw[index].get("kind", StageKind.AGENT) == StageKind.AGENT)


def fill_variables(command: str, variables: Mapping[str, str]) -> str:
    """Return the command, with each `{name}` of a known variable replaced by its value.

    Values aren't searched for variables, and unknown names stay.
    """
    return _VARIABLE.sub(lambda found: variables.get(found[1], found[0]), command)


def render_instruction(stage: Stage, variables: Mapping[str, str]) -> str:
    """Return the text that the machine runs: an unchanged shell script, or an agent's filled-in
    command.

    Variables are never pasted into shell scripts (contract.md, section 5).
    """
    if stage.kind is StageKind.SHELL:
        return stage.command
    return fill_variables(stage.command, variables)


# ---- steps -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Run:
    """The machine runs this stage."""

    stage_index: int


@dataclass(frozen=True)
class Ask:
    """A person must first answer the gate of this stage."""

    stage_index: int
    gate: Gate


@dataclass(frozen=True)
class Publish:
    """All stages are done: the machine pushes the branch."""


@dataclass(frozen=True)
class Fail:
    """The task fails, with a code (`FailureCode`) and a message for people."""

    code: str
    message: str


@dataclass(frozen=True)
class SendBack:
    """Stage `check_index` has failed with that exit `code`: `stage_index` runs again in its
    session, and all stages after it. This is turn `number` of at most `times`.
    """

    stage_index: int
    check_index: int
    code: int
    number: int
    times: int


Step = Run | Ask | Publish | SendBack | Fail


@dataclass(frozen=True)
class StageOutcome:
    """How a stage's process ended, as `muster.protocol.frames.StageFinished` reports it."""

    how: Literal["exit", "signal", "timeout", "stopped", "lease"]
    code: int = 0
    failure: AgentFailure | None = None


def next_step(stages: Sequence[Stage], index: int, answered: bool = False) -> Step:
    """Return the next step for stage `index`. `answered`: its gate has been answered."""
    if index >= len(stages):
        return Publish()
    gate = stages[index].gate
    if gate is not None and not answered:
        return Ask(index, gate)
    return Run(index)


def advance(
    stages: Sequence[Stage], index: int, outcome: StageOutcome, answered: bool = False
) -> Step:
    """Return the step after stage `index`. `answered`: the next stage's gate has been answered."""
    if outcome.how == "exit" and outcome.code == 0:
        return next_step(stages, index + 1, answered)
    name = stages[index].name
    if outcome.how == "timeout":
        text = f"stage “{name}” took longer than {stages[index].timeout:g} s"
        return Fail(FailureCode.STAGE_TIMEOUT, text)
    text = f"stage “{name}” {_describe_end(outcome)}"
    if (why := outcome.failure) is not None and outcome.how in ("exit", "signal"):
        return Fail(why.code, why.format_message(text))
    return Fail(FailureCode.STAGE_FAILED, text)


def _describe_end(outcome: StageOutcome) -> str:
    return {
        "exit": f"ended with exit code {outcome.code}",
        "signal": f"ended by signal {outcome.code}",
        "lease": "was stopped by its machine: no contact with the server for too long",
    }.get(outcome.how, "was stopped")


# ---- answers -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Approved:
    """The answer lets the stage run, with these variables for its command."""

    variables: Mapping[str, str]


@dataclass(frozen=True)
class Rejected:
    """The answer ends the task."""


def judge_answer(kind: GateKind, choices: Sequence[str], result: str) -> Approved | Rejected:
    """Judge an answer. Raises InvalidFields for one that the gate doesn't offer."""
    if kind is GateKind.CONFIRM:
        return _judge_confirmation(result)
    if choices or kind is GateKind.CHOOSE:
        if result not in choices:
            raise InvalidFields(
                {"result": [field_errors.MUST_BE_ONE_OF(choices=", ".join(choices))]}
            )
        is_end = (kind, result) in (("budget", "stop"), ("checkpoint", "end"))
        return Rejected() if is_end else Approved({"choice": result})
    if not 1 <= len(result) <= MAX_INPUT:
        raise InvalidFields({"result": [field_errors.MUST_HAVE_CHARACTERS(min=1, max=MAX_INPUT)]})
    return Approved({"input": result})


def _judge_confirmation(result: str) -> Approved | Rejected:
    match result.lower():  # casefold would treat the ligature in “conﬁrm” as two letters
        case "confirm":
            return Approved({})
        case "reject":
            return Rejected()
    raise InvalidFields({"result": [field_errors.NOT_CONFIRM_OR_REJECT]})
