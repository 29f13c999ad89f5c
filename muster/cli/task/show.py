"""Show tasks: the list, one task, and why it waits."""

import sys
import webbrowser
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import click

from muster.cli import fields, text_format
from muster.cli.context import Muster, pass_muster
from muster.cli.output import Column as _Column
from muster.cli.output import Item, OutputSpec, age_column, column, info, outputs, print_facts
from muster.cli.params import task_argument, task_path
from muster.cli.status import usage_text
from muster.cli.task import questions, waits

STATUSES = ("queued", "assigned", "running", "suspended", "completed", "failed", "cancelled")

WAIT_REASONS = {
    "gate": "an answer",
    "slot": "a slot on the machine that has its workspace",
    "predecessor": "the previous attempt to stop",
    "machine": "its machine to reconnect",
    "quota": "its agent's account to have quota again",
    "dispatcher": "the scheduler, which is down",
    "terminal": "someone in its terminal: muster attach",
}
NEXT_ACTIONS = {
    "dispatch": "it's assigned to a machine",
    "fail": "it fails",
    "requeue": "it returns to the queue",
    "resume": "it resumes",
}


def status_text(task: Item) -> str:
    """Return a task's state as the console names it, with the reason if it waits."""
    in_terminal = (task.get("waitingFor") or {}).get("reason") == "terminal"
    reason = "waiting in its terminal" if in_terminal else task.get("suspendReason")
    return f"{shown_state(task)} ({reason})" if reason else shown_state(task)


def shown_state(task: Item) -> str:
    """Return a task's state: its status, with `suspended` divided by who acts next.

    An open question needs you in the queue, too, and while the machine is lost; so does an agent
    that asks in its terminal.
    """
    status = str(task.get("status") or "")
    waits_for = (task.get("waitingFor") or {}).get("reason")
    if waits_for == "terminal":
        return "needs you"
    if status in ("queued", "suspended") and (
        waits_for == "gate" or task.get("gate") or task.get("question")
    ):
        return "needs you"
    if status == "suspended":
        return "waiting" if task.get("suspendReason") in ("quota", "machine_lost") else "needs you"
    return status


def first_line(text: object) -> str:
    return text_format.one_line(str(text or "").strip().partition("\n")[0])


TASKS = OutputSpec(
    fields.TASK_LIST_ITEM,
    (
        column("ID", "id", is_number=True),
        _Column("STATUS", status_text),
        column("PROJECT", "projectKey"),
        _Column("DESCRIPTION", lambda task: first_line(task.get("description")), stretches=True),
        column("MACHINE", "machineName"),
        age_column("AGE", "createdAt"),
    ),
    empty_message="No matching tasks.",
)
TASK = OutputSpec(fields.TASK_DETAIL)
WHY = OutputSpec(("id", "status", "suspendReason", "waitingFor", "queue", "relocation"))


@click.command("list")
@click.option("-s", "--status", metavar="A,B", help=f"Filter by status: {', '.join(STATUSES)}.")
@click.option("-p", "--project", metavar="KEY,…", help="Filter by project.")
@click.option("--needs-me", is_flag=True, help="Only tasks with a question you can answer.")
@click.option("--mine", is_flag=True, help="Only tasks you created.")
@click.option("-m", "--machine", "machine_id", metavar="ID", help="Filter by machine.")
@click.option("--agent", "agent_type", metavar="NAME", help="Filter by agent.")
@click.option("--selector", metavar="LABELS", help="Filter by machine selector.")
@click.option("--search", metavar="WORDS", help="Search descriptions, or find a task by #ID.")
@click.option(
    "-n", "--limit", default=30, type=click.IntRange(min=0), help="Maximum results; 0 for all."
)
@pass_muster
@outputs(TASKS)
def list_(
    muster: Muster,
    status: str | None,
    project: str | None,
    needs_me: bool,
    mine: bool,
    machine_id: str | None,
    agent_type: str | None,
    selector: str | None,
    search: str | None,
    limit: int,
) -> Iterable[dict[str, Any]]:
    """List tasks, newest first.

    \b
      muster task list --status running,suspended
      muster task list --needs-me --json id,question --jq '.[].question.prompt'
    """
    me = muster.api.get("/api/web/profile")["id"] if mine else None
    return muster.api.items(
        "/api/web/tasks",
        limit,
        status=status,
        project=project,
        needsMe=needs_me or None,
        createdBy=me,
        machineId=machine_id,
        agentType=agent_type,
        machineSelector=selector,
        q=search,
    )


@click.command
@task_argument
@pass_muster
@outputs(TASK)
def show(muster: Muster, number: int) -> tuple[dict[str, Any], Callable[[], None]]:
    """Show a task's details."""
    task = muster.api.get(task_path(number))
    return task, lambda: _print_task(muster, task)


def _print_task(muster: Muster, task: Item) -> None:
    now = datetime.now(UTC)
    failure, result = task.get("failure") or {}, task.get("result") or {}
    stages = task.get("pipeline") or task.get("stages") or []
    print_facts(
        [
            ("task", f"#{task.get('id')}  {muster.profile.server}/tasks/{task.get('id')}"),
            ("status", status_text(task)),
            ("waiting for", wait_text(task.get("waitingFor"), now)),
            ("now", activity_text(task.get("activity"), now)),
            *_question_facts(muster, task),
            ("last answer", _answer_text(task.get("lastAnswer"), now)),
            ("failure", f"{failure.get('message')} ({failure.get('code')})" if failure else ""),
            ("project", task.get("projectKey")),
            ("created by", (task.get("createdBy") or {}).get("name")),
            ("stages", _stages_text(stages, task.get("currentStageIndex"))),
            ("round", f"{task.get('round')}, attempt {task.get('attempt')}"),
            ("machine", task.get("machineName")),
            ("agent", task.get("agentType")),
            ("images", ", ".join(_image_names(task))),
            ("branch", result.get("branch") or task.get("taskBranch")),
            ("result", _result_text(result)),
            ("used", usage_text(task.get("usage"))),
            ("created", _timestamp_text(task.get("createdAt"), now)),
            ("finished", _timestamp_text(task.get("finishedAt"), now)),
        ]
    )
    click.echo()
    click.echo(text_format.sanitize(task.get("description")))


def activity_text(activity: Mapping[str, Any] | None, now: datetime) -> str:
    """Return what the agent does, and for how long it has been quiet."""
    if not activity:
        return ""
    started, quiet = activity.get("startedAt"), activity.get("quietSince")
    does = text_format.one_line(activity.get("title"))
    does = f"{does}, {text_format.format_age(started, now)}" if does and started else ""
    silence = f"nothing reported for {text_format.format_age(quiet, now)}" if quiet else ""
    return "; ".join(filter(None, (does, silence)))


def _answer_text(answer: Mapping[str, Any] | None, now: datetime) -> str:
    """Return who answered the round's latest question, how, when, and with what comment."""
    if not answer:
        return ""
    name = text_format.one_line((answer.get("answeredBy") or {}).get("name"))
    result = text_format.one_line(answer.get("result"))
    age = text_format.format_age(answer.get("answeredAt"), now)
    comment = text_format.one_line(answer.get("comment") or "")
    return f"{name}: {result}, {age} ago" + (f" ({comment})" if comment else "")


def _image_names(task: Item) -> list[str]:
    return [text_format.one_line(each.get("name")) for each in task.get("images") or []]


def _question_facts(muster: Muster, task: Item) -> list[tuple[str, object]]:
    if (task.get("waitingFor") or {}).get("reason") != "gate":
        return []
    gate = questions.find_open_gate(muster.api, task["id"])
    return questions.gate_facts(gate) if gate else []


def _stages_text(stages: Iterable[Mapping[str, Any]], current: object) -> str:
    return " → ".join(
        f"[{stage.get('name')}]" if at == current else str(stage.get("name"))
        for at, stage in enumerate(stages)
    )


def _result_text(result: Mapping[str, Any]) -> str:
    if not result:
        return ""
    if result.get("changed") is False:
        return "no changes"
    return f"{change_summary(result)}, commit {str(result.get('commit') or '')[:12]}"


def change_summary(change: Mapping[str, Any]) -> str:
    """Summarize a change's size."""
    count = change.get("filesChanged")
    files = f"{count} file{'' if count == 1 else 's'}"
    return f"{files}, +{change.get('insertions')} -{change.get('deletions')}"


def _timestamp_text(text: str | None, now: datetime) -> str:
    return f"{text_format.format_age(text, now)} ago ({text})" if text else ""


def wait_text(wait: Mapping[str, Any] | None, now: datetime) -> str:
    """Describe what a task waits for and what happens otherwise."""
    if not wait:
        return ""
    reason = str(wait.get("reason"))
    text = WAIT_REASONS.get(reason, reason)
    action = wait.get("nextAction")
    if action:
        at = text_format.format_age(wait.get("at"), now)
        text += f"; else {NEXT_ACTIONS.get(action, action)}{f' {at}' if at else ''}"
    return text


@click.command
@task_argument
@pass_muster
@outputs(WHY)
def why(muster: Muster, number: int) -> tuple[dict[str, Any], Callable[[], None]]:
    """Show why a task waits, and what blocks each machine."""
    task = muster.api.get(task_path(number))

    def print_why() -> None:
        now = datetime.now(UTC)
        queue = task.get("queue") or {}
        waiting = wait_text(task.get("waitingFor"), now)
        place = f"position {queue['position']}" if queue.get("position") else ""
        relocation = task.get("relocation") or {}
        elsewhere = waits.relocation_text(relocation)
        print_facts(
            [
                ("status", status_text(task)),
                ("waiting for", waiting),
                ("elsewhere", elsewhere),
                ("in the queue", place),
                *_question_facts(muster, task),
            ]
        )
        if blocked := [*queue.get("blockedBy", ()), *relocation.get("blockedBy", ())]:
            click.echo()
            print_facts(waits.block_facts(blocked, now))
        elif not waiting and not queue:
            info("The task isn't waiting.")

    return task, print_why


@click.command("open")
@task_argument
@click.option("--print", "only_said", is_flag=True, help="Print the URL without opening it.")
@pass_muster
def open_(muster: Muster, number: int, only_said: bool) -> None:
    """Open a task in the browser."""
    muster.api.get(task_path(number))  # raises if there's no such task
    url = f"{muster.profile.server}/tasks/{number}"
    click.echo(url)
    if not only_said and sys.stdout.isatty():
        webbrowser.open(url)
