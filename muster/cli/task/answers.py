"""Answer tasks' questions."""

import sys
from collections.abc import Callable, Mapping
from typing import Any

import click

from muster.cli import fields, text_format
from muster.cli.client import Api
from muster.cli.context import Muster, pass_muster
from muster.cli.errors import BadUsage, CliError
from muster.cli.output import OutputSpec, info, outputs, report_action
from muster.cli.params import read_text, require_yes, task_argument, task_path
from muster.cli.task.follow import Task
from muster.cli.task.questions import answer_usage, find_open_gate
from muster.cli.task.show import first_line

ANSWERED_TASK = OutputSpec(fields.TASK)
YES_NO_RESULTS = {"confirm": ("confirm", "reject"), "budget": ("continue", "stop")}

_ENDING_QUESTIONS = {"confirm": "Reject #{} and end the task?", "budget": "Stop task #{}?"}
_ENDING_CHOICE = ("checkpoint", "end")
_END_EFFECT = (
    "The task ends as cancelled: nothing more runs, no branch is pushed, and queued follow-ups are "
    "withdrawn."
)

_comment_option = click.option(
    "-c", "--comment", metavar="TEXT", help="Reason, stored with the answer."
)


@click.command
@task_argument
@click.option("--reject", is_flag=True, help="Reject and end the task, which cancels it.")
@click.option("--yes", is_flag=True, help="Don't ask first.")
@_comment_option
@click.option("--more-minutes", type=float, help="For a budget: minutes to add.")
@click.option("--more-tokens", type=int, help="For a budget: tokens to add.")
@click.option("--more-cost", type=float, help="For a budget: cost to add.")
@pass_muster
@outputs(ANSWERED_TASK)
def confirm(
    muster: Muster,
    number: int,
    reject: bool,
    yes: bool,
    comment: str | None,
    more_minutes: float | None,
    more_tokens: int | None,
    more_cost: float | None,
) -> Any:
    """Answer a task's question with yes or no.

    If the question is about a budget: yes raises it by the same amount (or by --more-…), no
    cancels the task. To have the work changed instead: muster task review --request-changes.
    """
    gate = require_open_gate(muster.api, number)
    kind = str(gate["kind"])
    if kind not in YES_NO_RESULTS:
        raise _wrong_command_error(gate)
    if reject and not yes:
        _confirm_end(number, _ENDING_QUESTIONS[kind])
    elif kind == "confirm" and not yes:
        _confirm_unseen_drafts(muster.api, number)
    more = {"minutes": more_minutes, "tokens": more_tokens, "cost": more_cost}
    budget = {name: value for name, value in more.items() if value is not None}
    extra = {"budget": budget} if budget else {}
    return _post_answer(muster.api, gate, YES_NO_RESULTS[kind][reject], comment, **extra)


@click.command
@task_argument
@click.argument("choice", required=False)
@click.option("--yes", is_flag=True, help="Don't ask first.")
@_comment_option
@pass_muster
@outputs(ANSWERED_TASK)
def choose(muster: Muster, number: int, choice: str | None, yes: bool, comment: str | None) -> Any:
    """Answer a task's question with one of its choices. Without CHOICE, list them.

    CHOICE is a choice's text, the beginning of its text, or its number, counted from 1.
    """
    gate = require_open_gate(muster.api, number)
    choices = [str(offered) for offered in gate.get("choices") or []]
    if not choices:
        raise _wrong_command_error(gate)
    if choice is None:
        info(text_format.sanitize(gate.get("prompt")) or "Choose one:")
        for place, offered in enumerate(choices, 1):
            click.echo(f"{place}  {text_format.one_line(offered)}")
        return None
    result = match_choice(choices, choice)
    if (gate.get("kind"), result) == _ENDING_CHOICE and not yes:
        _confirm_end(number, "End task #{}?")
    return _post_answer(muster.api, gate, result, comment)


def match_choice(choices: list[str], text: str) -> str:
    """Return the choice that `text` means. Raises BadUsage."""
    if text in choices:
        return text
    if text.isdecimal() and 1 <= int(text) <= len(choices):
        return choices[int(text) - 1]
    found = [choice for choice in choices if choice.casefold().startswith(text.casefold())]
    if len(found) == 1:
        return found[0]
    offered = ", ".join(map(text_format.one_line, choices))
    raise BadUsage(f"{text!r} isn't one of the choices.", advice=f"Choices: {offered}")


@click.command("input")
@task_argument
@click.argument("text", required=False)
@_comment_option
@pass_muster
@outputs(ANSWERED_TASK)
def input_(muster: Muster, number: int, text: str | None, comment: str | None) -> Any:
    """Answer a task's question with text: TEXT, or - for stdin (default: editor)."""
    gate = require_open_gate(muster.api, number)
    if gate["kind"] not in ("input", "question"):
        raise _wrong_command_error(gate)
    prompt = text_format.one_line(gate.get("prompt"))
    return _post_answer(muster.api, gate, read_text(text, prompt or "Your answer."), comment)


def _confirm_end(number: int, question: str) -> None:
    """At a terminal, ask before an answer ends the task. A script named the command on purpose."""
    if sys.stdin.isatty():
        info(_END_EFFECT)
        require_yes(question.format(number))


def _confirm_unseen_drafts(api: Api, number: int) -> None:
    """Ask before an approval that leaves your comments unseen, at a terminal."""
    if not sys.stdin.isatty():
        return
    threads = api.items(task_path(number, "comments"))
    count = sum(bool(comment["draft"]) for thread in threads for comment in thread["comments"])
    if count:
        info(f"To publish them with the approval: muster task review {number} --approve")
        drafts = "1 draft comment" if count == 1 else f"{count} draft comments"
        require_yes(f"You have {drafts} that nobody will see. Approve anyway?")


def require_open_gate(api: Api, number: int) -> Mapping[str, Any]:
    """Return the open question. Raises CliError."""
    gate = find_open_gate(api, number)
    if gate is None:
        raise CliError(f"Task {number} has no open question.")
    return gate


def _post_answer(
    api: Api, gate: Mapping[str, Any], result: str, comment: str | None, **extra: Any
) -> tuple[Task, Callable[[], None]]:
    """Answer exactly that question: it may have been answered and asked again meanwhile."""
    place = {name: gate[name] for name in ("stageIndex", "number", "round") if name in gate}
    answer_fields = {"result": result, **({"comment": comment} if comment else {})}
    path = task_path(int(gate["taskId"]), "confirm-stage")
    task = dict(api.post(path, {**place, **answer_fields, **extra}))
    report_action(f"{_answer_text(gate, result)} {_following_text(task)}".strip())
    return task, lambda: None


def _answer_text(gate: Mapping[str, Any], result: str) -> str:
    """Return what an answer did."""
    verbs = {
        "confirm": "Approved {}.",
        "reject": "Rejected {}.",
        "continue": "Raised the budget of {}.",
        "stop": "Stopped {}.",
    }
    is_yes_no = gate.get("kind") in YES_NO_RESULTS
    is_choice = bool(gate.get("choices"))
    chosen = f"Answered {{}}: {first_line(result)}." if is_choice else "Answered {}."
    return (verbs[result] if is_yes_no else chosen).replace("{}", f"#{gate['taskId']}", 1)


def _following_text(task: Task) -> str:
    """Return what the task does after an answer."""
    stages, at = task.get("pipeline") or [], task.get("currentStageIndex") or 0
    stage = stages[at].get("name") if at < len(stages) else "the push"
    match task.get("status"):
        case "assigned" | "running":
            return f"{stage} continues on {task.get('machineName') or 'its machine'}."
        case "queued":
            return f"{stage} continues as soon as a machine takes it."
        case "cancelled":
            return "The task is cancelled."
    return ""


def _wrong_command_error(gate: Mapping[str, Any]) -> BadUsage:
    """Return the error for a question that another command answers."""
    return BadUsage(
        f"Task {gate['taskId']} asks a different kind of question ({gate.get('kind')}).",
        advice=f"muster task {answer_usage(gate)}",
    )
