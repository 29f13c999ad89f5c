"""A dry run of a pipeline: what each stage would run for a description, without running it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from app.domain import pipeline
from app.domain.attempt import attempt_branch
from app.domain.errors import InvalidFields
from app.domain.pipeline import Approved, Gate, GateKind, Stage

UNKNOWN_INPUT = "{input}"
"""The placeholder for input that isn't given."""
SAMPLE_TASK = 1  # the branch is named after it


@dataclass(frozen=True)
class DryRunStage:
    """A stage with its agent's prompt, or its unchanged script, the values of its variables, and
    its rule for its failure {to, times, message}.
    """

    stage: Stage
    text: str
    variables: Mapping[str, str]
    on_failure: Mapping[str, Any] | None = None


def dry_run_pipeline(
    stages: Sequence[Stage],
    description: str,
    project: str | None = None,
    answers: Mapping[str, str] | None = None,
) -> list[DryRunStage]:
    """Return the stages of a task's first round.

    `answers` are the answers to the stages' gates, by stage name; the first choice is used where
    none is given. An unknown project stays a variable. Raises InvalidFields for an answer that a
    gate doesn't offer.
    """
    known = {
        **dict.fromkeys(("description", "instruction"), description),
        "round": "1",
        "branch": attempt_branch(SAMPLE_TASK, 1),
        "project": "{project}" if project is None else project,
        "choice": "",
        "input": "",
    }
    found = []
    for stage in stages:
        if stage.gate is not None:
            known = {**known, **_answer_variables(stage.name, stage.gate, answers or {})}
        text, rule = pipeline.render_instruction(stage, known), stage.on_failure
        back = {**asdict(rule), "to": stages[rule.to].name} if rule else None
        found.append(DryRunStage(stage, text, known, back))
    return found


def _answer_variables(name: str, gate: Gate, answers: Mapping[str, str]) -> Mapping[str, str]:
    """Return the variables that the answer to the gate sets. A confirmation sets none."""
    if gate.kind is GateKind.CONFIRM:
        return {}
    if name not in answers:
        return {"choice": gate.choices[0]} if gate.choices else {"input": UNKNOWN_INPUT}
    try:
        answer = pipeline.judge_answer(gate.kind, gate.choices, answers[name])
    except InvalidFields as error:
        raise InvalidFields({f"answers.{name}": error.errors["result"]}) from error
    return answer.variables if isinstance(answer, Approved) else {}
