"""Looking at tasks: the list, one of them, and why it waits."""

import sys
import webbrowser
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import click

from muster.cli import fields, text_format
from muster.cli.context import Muster, pass_muster
from muster.cli.output import Column as _Column
from muster.cli.output import Item, Printed, aged, column, facts, prints, say
from muster.cli.params import a_task, path_of
from muster.cli.status import usage
from muster.cli.task import questions

STATES = ("queued", "assigned", "running", "suspended", "completed", "failed", "cancelled")

# Why a machine cannot take a task, as people say it.
KEEPS = {
    "not_requested": "another machine was asked for",
    "decommissioned": "it is decommissioned",
    "draining": "it is taken out of work",
    "offline": "it is offline",
    "capability_missing": "it does not have the agent",
    "capability_degraded": "its agent is not well",
    "quota_exhausted": "its agent's account is used up",
    "room_unavailable": "it cannot contain the task as the project demands",
    "label_mismatch": "its labels do not fit",
    "release_too_old": "its worker is too old to check what the task goes on from",
    "overloaded": "it is too busy",
    "no_free_slot": "it has no free slot",
}
WAITS = {
    "gate": "an answer",
    "slot": "a slot of the machine that has its workspace",
    "predecessor": "the end of the attempt before",
    "machine": "its machine to be heard of",
    "quota": "its agent's account to be usable again",
    "dispatcher": "a dispatcher",
}
BY_ITSELF = {
    "dispatch": "it is given to a machine",
    "fail": "it fails",
    "requeue": "it goes back to the queue",
    "resume": "it goes on",
}


def state(task: Item) -> str:
    """Its status, and why it rests."""
    reason = task.get("suspendReason")
    return f"{task.get('status')} ({reason})" if reason else str(task.get("status") or "")


def first_line(text: object) -> str:
    return text_format.one_line(str(text or "").strip().partition("\n")[0])


TASKS = Printed(
    fields.FOUND_TASK,
    (
        column("ID", "id", is_number=True),
        _Column("STATUS", state),
        column("PROJECT", "projectKey"),
        _Column("DESCRIPTION", lambda task: first_line(task.get("description")), stretches=True),
        column("MACHINE", "machineName"),
        aged("AGE", "createdAt"),
    ),
    nothing="There is no such task.",
)
TASK = Printed(fields.TASK_DETAIL)
WHY = Printed(("id", "status", "suspendReason", "waitsFor", "queue"))


@click.command("list")
@click.option("-s", "--status", metavar="A,B", help=f"Of {', '.join(STATES)}.")
@click.option("-p", "--project", metavar="KEY,…", help="Of these projects.")
@click.option("--needs-me", is_flag=True, help="With a question that you may answer.")
@click.option("--mine", is_flag=True, help="That you have created.")
@click.option("-m", "--machine", "machine_id", metavar="ID", help="Whose latest attempt is there.")
@click.option("--agent", "agent_type", metavar="NAME", help="For that agent.")
@click.option("--selector", metavar="LABELS", help="With that selector of machines.")
@click.option("--search", metavar="WORDS", help="In the description, or #7.")
@click.option("-n", "--limit", default=30, type=click.IntRange(min=0), help="At most; 0: all.")
@pass_muster
@prints(TASKS)
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
    """Tasks, the newest first.

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
@a_task
@pass_muster
@prints(TASK)
def show(muster: Muster, number: int) -> tuple[dict[str, Any], Callable[[], None]]:
    """All that is known of a task."""
    task = muster.api.get(path_of(number))
    return task, lambda: _tell(muster, task)


def _tell(muster: Muster, task: Item) -> None:
    now = datetime.now(UTC)
    failure, result = task.get("failure") or {}, task.get("result") or {}
    stages = task.get("pipeline") or task.get("stages") or []
    facts(
        [
            ("task", f"#{task.get('id')}  {muster.profile.server}/tasks/{task.get('id')}"),
            ("status", state(task)),
            ("waits for", waits(task.get("waitsFor"), now)),
            *_asks(muster, task),
            ("failure", f"{failure.get('message')} ({failure.get('code')})" if failure else ""),
            ("project", task.get("projectKey")),
            ("by", (task.get("createdBy") or {}).get("name")),
            ("stages", _stages(stages, task.get("currentStageIndex"))),
            ("round", f"{task.get('round')}, attempt {task.get('attempt')}"),
            ("machine", task.get("machineName")),
            ("agent", task.get("agentType")),
            ("branch", result.get("branch") or task.get("taskBranch")),
            ("result", _result(result)),
            ("used", usage(task.get("usage"))),
            ("created", _when(task.get("createdAt"), now)),
            ("finished", _when(task.get("finishedAt"), now)),
        ]
    )
    click.echo()
    click.echo(text_format.plain(task.get("description")))


def _asks(muster: Muster, task: Item) -> list[tuple[str, object]]:
    if (task.get("waitsFor") or {}).get("reason") != "gate":
        return []
    gate = questions.open_one(muster.api, task["id"])
    return questions.told(gate) if gate else []


def _stages(stages: Iterable[Mapping[str, Any]], current: object) -> str:
    return " → ".join(
        f"[{stage.get('name')}]" if at == current else str(stage.get("name"))
        for at, stage in enumerate(stages)
    )


def _result(result: Mapping[str, Any]) -> str:
    if not result:
        return ""
    if result.get("changed") is False:
        return "nothing was changed"
    return f"{lines_of(result)}, commit {str(result.get('commit') or '')[:12]}"


def lines_of(change: Mapping[str, Any]) -> str:
    """How much of a change there is."""
    count = change.get("filesChanged")
    files = f"{count} file{'' if count == 1 else 's'}"
    return f"{files}, +{change.get('insertions')} -{change.get('deletions')}"


def _when(text: str | None, now: datetime) -> str:
    return f"{text_format.age(text, now)} ago ({text})" if text else ""


def waits(wait: Mapping[str, Any] | None, now: datetime) -> str:
    """What a task waits for, and what happens by itself."""
    if not wait:
        return ""
    reason = str(wait.get("reason"))
    said = WAITS.get(reason, reason)
    act = wait.get("nextAct")
    if act:
        at = text_format.age(wait.get("at"), now)
        said += f"; else {BY_ITSELF.get(act, act)}{f' {at}' if at else ''}"
    return said


@click.command
@a_task
@pass_muster
@prints(WHY)
def why(muster: Muster, number: int) -> tuple[dict[str, Any], Callable[[], None]]:
    """What a task waits for, and what keeps machines from it."""
    task = muster.api.get(path_of(number))

    def tell_why() -> None:
        now = datetime.now(UTC)
        queue = task.get("queue") or {}
        waiting = waits(task.get("waitsFor"), now)
        place = f"place {queue['position']}" if queue.get("position") else ""
        told = [("status", state(task)), ("waits for", waiting), ("in the queue", place)]
        facts([*told, *_asks(muster, task)])
        blocked = list(queue.get("blockedBy") or [])
        if blocked:
            names = {str(m["id"]): m["name"] for m in muster.api.items("/api/web/machines")}
            click.echo()
            facts((names.get(b["machineId"], b["machineId"]), _keeps(b)) for b in blocked)
        elif not waiting and not queue:
            say("It waits for nothing.")

    return task, tell_why


def _keeps(block: Item) -> str:
    """With the machine's own word, which a server of before does not tell."""
    kept = KEEPS.get(block["reason"], block["reason"])
    return ": ".join(filter(None, [kept, first_line(block.get("says"))]))


@click.command("open")
@a_task
@click.option("--print", "only_said", is_flag=True, help="Say the address, and open nothing.")
@pass_muster
def open_(muster: Muster, number: int, only_said: bool) -> None:
    """Open a task in the browser."""
    muster.api.get(path_of(number))  # or there is none to open
    url = f"{muster.profile.server}/tasks/{number}"
    click.echo(url)
    if not only_said and sys.stdout.isatty():
        webbrowser.open(url)
