"""Sending a failed check back to an agent: whether it gets another turn, and its prompt. Pure.

A stored turn is {stageIndex, to, attempt, code, logEnd, work, checkpoint}: the failed stage and the
agent's, the attempt whose log ends with the failure at `logEnd`, the revision that the check has
tried (None: unknown), and the round's last checkpoint at that time (None: there is none).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.domain import pipeline, sanitize
from app.domain.errors import Conflict
from app.domain.pipeline import Fail, SendBack, Stage, StageKind, StageOutcome, Step
from app.domain.task import FailureCode

MAX_LINES = 200
MAX_OUTPUT_BYTES = 64 * 1024
_MARGIN = 4  # how much more of a log is read, because escape sequences are removed
READ_BYTES = _MARGIN * MAX_OUTPUT_BYTES

Turn = Mapping[str, Any]
Revision = Mapping[str, Any]


class NoFailedCheck(Conflict):
    """The task hasn't failed at a check that can go back to an agent."""

    code = "no_failed_check"


def after_failure(
    step: Step,
    stages: Sequence[Stage],
    index: int,
    outcome: StageOutcome,
    turns: Sequence[Turn],
    work: Revision | None,
    *,
    can_repeat: bool,
) -> Step:
    """Return the step after stage `index`: `step`, or in place of its failure another turn.

    `turns` are the round's so far, `work` is the latest revision, None if it's unknown.
    `can_repeat`: the machine runs stages again. A turn that changed nothing is the last one.
    """
    rule = stages[index].on_failure
    has_failed = outcome.how == "exit" and outcome.code != 0
    if rule is None or not has_failed or not can_repeat or not isinstance(step, Fail):
        return step
    before = [turn for turn in turns if turn["stageIndex"] == index]
    if before and _is_same_work(before[-1]["work"], work):
        text = f"{step.message}; “{stages[rule.to].name}” has changed nothing"
        return replace(step, message=text)
    if len(before) >= rule.times:
        text = f"{step.message}, also after {len(before)} of {rule.times} turns back"
        return replace(step, message=text)
    return SendBack(rule.to, index, outcome.code, len(before) + 1, rule.times)


def _is_same_work(before: Revision | None, now: Revision | None) -> bool:
    if before is None or now is None:
        return False
    has_trees = before.get("tree") and now.get("tree")
    name = "tree" if has_trees else "commit"
    return bool(before.get(name) == now.get(name))


def make_turn(
    step: SendBack,
    attempt: int,
    log_end: int,
    work: Revision | None,
    checkpoints: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """Return the turn as it's stored."""
    last = max((int(key) for key in checkpoints if int(key) >= step.stage_index), default=None)
    return {
        "stageIndex": step.check_index,
        "to": step.stage_index,
        "attempt": attempt,
        "code": step.code,
        "logEnd": log_end,
        "work": work,
        "checkpoint": None if last is None else {"stageIndex": last, **checkpoints[str(last)]},
    }


def find_turn(turns: Sequence[Turn], stage_index: int) -> Turn | None:
    """Return the turn that the stage begins, if it does."""
    return turns[-1] if turns and turns[-1]["to"] == stage_index else None


def unfinished_work(
    turns: Sequence[Turn], checkpoints: Mapping[str, Any]
) -> Mapping[str, Any] | None:
    """Return the checkpoint that the last turn began with, while none of its stages has one."""
    if not turns or any(int(key) >= turns[-1]["to"] for key in checkpoints):
        return None
    known: Mapping[str, Any] | None = turns[-1]["checkpoint"]
    return known


def restore_checkpoint(
    turns: Sequence[Turn], checkpoints: Mapping[str, dict[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Return a round's checkpoints at its end: with the one that an unfinished turn began with."""
    known = dict(unfinished_work(turns, checkpoints) or {})
    return {**checkpoints, **({str(known.pop("stageIndex")): known} if known else {})}


def forget_checkpoint(turns: Sequence[Turn]) -> list[dict[str, Any]]:
    """Return the turns without the checkpoint that the last one began with: it's gone."""
    return [*map(dict, turns[:-1]), *({**turn, "checkpoint": None} for turn in turns[-1:])]


def to_partial(turn: Turn) -> dict[str, Any] | None:
    """Return the turn's starting point as `Task.partial`: the middle of its first stage."""
    known = turn["checkpoint"]
    return known and {**known, "stageIndex": turn["to"], "isTurn": True}


def describe_turns(stages: Sequence[Stage], turns: Sequence[Turn]) -> str:
    """Return the last turn for people: “test” failed, 2 of 3."""
    index = turns[-1]["stageIndex"]
    number = sum(turn["stageIndex"] == index for turn in turns)
    rule = stages[index].on_failure
    return f"“{stages[index].name}” failed" + (f", {number} of {rule.times}" if rule else "")


# ---- people send it back -----------------------------------------------------------------------


def find_start(
    stages: Sequence[Mapping[str, str]], failure: Mapping[str, Any] | None
) -> int | None:
    """Return the last agent stage before the failed check; None if people can't send it back.

    `stages` have `kind`, `failure` is the task's.
    """
    index = (failure or {}).get("stageIndex")
    if failure is None or failure["code"] != FailureCode.STAGE_FAILED or index is None:
        return None
    kinds = [stage.get("kind", StageKind.AGENT) for stage in stages[: index + 1]]
    if len(kinds) <= index or kinds[index] != StageKind.SHELL:
        return None
    return next((i for i in reversed(range(index)) if kinds[i] == StageKind.AGENT), None)


# ---- prompts -----------------------------------------------------------------------------------


def end_of_output(data: bytes, max_bytes: int = MAX_OUTPUT_BYTES) -> str:
    """Return the last lines of a check's output as plain text."""
    text = "\n".join(sanitize.plain_lines(data.rstrip(b"\r\n"))[-MAX_LINES:])
    return text.encode()[-max_bytes:].decode(errors="ignore")


def build_prompt(name: str, code: int | None, output: str, message: str = "") -> str:
    """Return the prompt about the failed check of that name; `code` None: a signal ended it."""
    how = "was ended by a signal" if code is None else f"failed with exit code {code}"
    found = f"Its output ends with:\n\n{output}" if output else "It has printed nothing."
    text = f"The check “{name}” {how}. Find out why, and fix it. {found}"
    return f"{message}\n\n{text}" if message else text


def message_of(stage: pipeline.Stage) -> str:
    """Return the project's own text before the failure."""
    return stage.on_failure.message if stage.on_failure else ""
