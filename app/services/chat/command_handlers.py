"""Chat commands, carried out for people by the services that the API uses."""

import re
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from app.chat import commands
from app.chat.commands import Command, InvalidCommand, Verb
from app.chat.incoming_events import IncomingEvent
from app.chat.messages import truncate
from app.domain import task as rules
from app.domain.errors import DomainError, InvalidFields, NotFound, NothingPending
from app.domain.machine import MachineStatus
from app.domain.pipeline import GateKind
from app.domain.shown_state import find_shown_state
from app.extensions import db
from app.models import Bot, BotBinding, Developer, Machine, Project, Task, TaskMessage
from app.services.chat import cards, rejections
from app.services.chat.message_replies import describe_sent
from app.services.logs import logs
from app.services.machines import drains, queries
from app.services.projects import networks, projects
from app.services.tasks import gates, messages, tasks, workspaces
from app.services.tasks import queries as task_reads

MAX_LOG_LINES = 20  # of a log
MAX_LISTED = 10  # tasks
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")


@dataclass(frozen=True)
class Reply:
    """A reply. `public`: visible to all in the chat. `card`: ID of a task to show a card of."""

    text: str
    public: bool = False
    card: int | None = None


@dataclass(frozen=True)
class CommandRequest:
    """A command, its author, and its chat `event`. `remember` stores the reply: an action that must
    not be repeated calls it in its own transaction.
    """

    actor: Developer
    bot: Bot
    event: IncomingEvent
    command: Command
    remember: Callable[[Reply], None]


def run_command(
    actor: Developer, bot: Bot, incoming: IncomingEvent, remember: Callable[[Reply], None]
) -> Reply:
    """Carry out the command in the event's text, and return the reply. Raises DomainError."""
    command = commands.parse(incoming.text)
    if isinstance(command, InvalidCommand):
        return Reply(command.message)
    return _HANDLERS[command.verb](CommandRequest(actor, bot, incoming, command, remember))


def describe_error(error: DomainError) -> str:
    """Return the text about an error, for the command's author."""
    if isinstance(error, InvalidFields) and error.errors:
        return " ".join(f"{field} {', '.join(wrong)}." for field, wrong in error.errors.items())
    return str(error)


# ---- tasks --------------------------------------------------------------------------------------


def _develop(asked: CommandRequest) -> Reply:
    key = asked.command.project or _bound_project(asked) or _only_project(asked.actor)
    if key is None:
        return Reply(
            "Which project? This chat isn't bound to one: add --project KEY"
            + _hint([project.key for project in _projects(asked.actor)])
        )
    machine = _find_machine(asked.command.machine) if asked.command.machine else None
    made: list[Reply] = []

    def remember(task: Task) -> None:
        # A new task asks only if it's suspended.
        state = find_shown_state(task.status, task.suspend_reason, is_asking=False)
        made.append(Reply(cards.headline(task, state), public=True))
        asked.remember(made[0])

    tasks.create(
        asked.actor,
        project_key=key,
        description=asked.command.text,
        machine_id=machine.id if machine else None,
        remember=remember,
    )
    return made[0]


def _progress(asked: CommandRequest) -> Reply:
    task = task_reads.get(asked.actor, _task_id(asked))
    gate = gates.find_open_gate(task) if task.status in rules.LIVE else None
    if gate is None:
        return Reply(cards.describe_progress(task), public=True)
    question = f"Question: {truncate(gate.prompt, 1000)}\nAnswer with: confirm #{task.id} result"
    return Reply(f"{cards.describe_progress(task)}\n{question}", public=True, card=task.id)


def _cancel(asked: CommandRequest) -> Reply:
    return _describe(tasks.cancel(asked.actor, _task_id(asked)))


def _retry(asked: CommandRequest) -> Reply:
    return _describe(tasks.retry(asked.actor, _task_id(asked)))


def _describe(task: Task) -> Reply:
    return Reply(cards.headline(task, cards.find_states([task])[task.id]), public=True)


def _list(asked: CommandRequest) -> Reply:
    key = asked.command.project or _bound_project(asked)
    if key is not None:
        projects.get(asked.actor, key)
    query, _ = task_reads.listing(asked.actor, project_keys=[key] if key else ())(None, MAX_LISTED)
    found = db.session.scalars(query).all()
    if not found:
        return Reply(f"No tasks{f' in {key}' if key else ''} yet.")
    states = cards.find_states(found)
    return Reply("\n".join(cards.headline(task, states[task.id]) for task in found))


def _confirm(asked: CommandRequest) -> Reply:
    task_id = _task_id(asked)
    try:
        pending = gates.get_pending(asked.actor, task_id)
    except NothingPending:
        task = task_reads.get(asked.actor, task_id)
        return Reply(f"#{task_id} isn't waiting for an answer.\n{cards.describe_progress(task)}")
    result = rejections.confirmed_result(task_id, pending.kind, asked.command.text)
    is_offered = pending.kind is GateKind.CONFIRM or "confirm" in pending.choices
    if result == "confirm" and not is_offered:
        offered = " or ".join(pending.choices) or "your text"
        return Reply(f"“{pending.prompt}” needs an answer: confirm #{task_id} {offered}")
    result, reason = rejections.split_reason(pending.kind, pending.choices, result)
    place = (task_id, pending.stage_index)
    gates.confirm_stage(asked.actor, *place, result, reason, number=pending.number)
    return answer_reply(asked.actor, task_id, pending.stage_name, result)


def answer_reply(actor: Developer, task_id: int, stage: str, result: str) -> Reply:
    """Return the reply to an accepted answer to a gate."""
    return Reply(
        f"✓ #{task_id} “{stage}”: {actor.name} answered {truncate(result, 200)}", public=True
    )


def _message(asked: CommandRequest) -> Reply:
    made: list[Reply] = []

    def remember(sent: TaskMessage) -> None:
        made.append(Reply(describe_sent(sent, asked.actor.name), public=True))
        asked.remember(made[0])

    messages.create(asked.actor, _task_id(asked), text=asked.command.text, remember=remember)
    return made[0]


def _workspace(asked: CommandRequest) -> Reply:
    found = workspaces.get_workspace(asked.actor, _task_id(asked))
    machine = db.session.get(Machine, found.machine_id)
    diff = found.diff
    where = machine.name if machine else found.machine_id
    files, more, less = (diff.get(n, 0) for n in ("filesChanged", "insertions", "deletions"))
    return Reply(
        f"#{found.task_id} on {where}: {found.path} ({found.state})\n"
        f"branch {found.branch}{', with uncommitted changes' if found.dirty else ''}\n"
        f"{files} files, {more} lines added, {less} removed"
    )


def _logs(asked: CommandRequest) -> Reply:
    page = logs.read_page(asked.actor, _task_id(asked), limit=MAX_LOG_LINES, offset=-MAX_LOG_LINES)
    lines = [truncate(strip_escapes(line.text), 300) for line in page.lines]
    if not lines:
        return Reply(f"#{_task_id(asked)} has no log yet.")
    shown = "\n".join(lines)
    return Reply(f"The last {len(lines)} of {page.total} lines of #{_task_id(asked)}:\n{shown}")


def strip_escapes(line: str) -> str:
    """Return the line without escape sequences, as a terminal would show it."""
    return _ESCAPES.sub("", line).rpartition("\r")[2] or _ESCAPES.sub("", line).strip("\r")


def _task_id(asked: CommandRequest) -> int:
    assert asked.command.task_id is not None  # the parser ensures it for these verbs
    return asked.command.task_id


def _allow(asked: CommandRequest) -> Reply:
    key = asked.command.project or _bound_project(asked) or _only_project(asked.actor)
    if key is None:
        return Reply("Which project? This chat isn't bound to one: add --project KEY")
    return allow_host(asked.actor, key, asked.command.text)


def allow_host(actor: Developer, key: str, host: str) -> Reply:
    """Allow a host for the project's stages, and return the reply. Commits. Raises DomainError."""
    project = networks.allow_host(actor, key, host)
    text = f"✓ {project.key}: {actor.name} has allowed {host}, for stages that start from now on."
    return Reply(text, public=True)


# ---- machines -----------------------------------------------------------------------------------


def _drain(asked: CommandRequest) -> Reply:
    machine = _find_machine(asked.command.machine or "")
    view = drains.drain(asked.actor, machine.id, note=truncate(asked.command.text, 500) or None)
    return Reply(f"{view.machine.name} is {view.machine.status}.", public=True)


def _undrain(asked: CommandRequest) -> Reply:
    view = drains.undrain(asked.actor, _find_machine(asked.command.machine or "").id)
    return Reply(f"{view.machine.name} is {view.machine.status}.", public=True)


def _find_machine(called: str) -> Machine:
    """Return the machine with that name, in any letter case, or with that ID. Raises NotFound."""
    usable = Machine.status != MachineStatus.DECOMMISSIONED
    by_name = select(Machine).where(func.lower(Machine.name) == called.lower(), usable)
    found = db.session.scalars(by_name.order_by(Machine.id).limit(5)).all()
    if not found and (machine_id := _parse_uuid(called)) is not None:
        return queries.get(machine_id).machine
    if len(found) > 1:
        ids = ", ".join(str(machine.id) for machine in found)
        raise NotFound(f"Several machines are named {called}; use an ID: {ids}.")
    if not found:
        names = db.session.scalars(select(Machine.name).where(usable).order_by(Machine.name))
        raise NotFound(
            f"Machine {truncate(called, 60)} not found{_hint(names.fetchmany(MAX_LISTED))}."
        )
    return found[0]


def _parse_uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


# ---- projects and the account -------------------------------------------------------------------


def _bound_project(asked: CommandRequest) -> str | None:
    """Return the key of the chat's project, if it's bound to one."""
    return db.session.scalar(
        select(Project.key)
        .join(BotBinding, BotBinding.project_id == Project.id)
        .where(
            BotBinding.bot_id == asked.bot.id,
            BotBinding.platform_chat_id == asked.event.chat_id,
            Project.deleted_at.is_(None),
        )
    )


def _projects(actor: Developer) -> list[Project]:
    return list(db.session.scalars(projects.listing(actor).limit(MAX_LISTED)))


def _only_project(actor: Developer) -> str | None:
    found = _projects(actor)
    return found[0].key if len(found) == 1 else None


def _hint(names: Sequence[str]) -> str:
    return f" (available: {', '.join(names)})" if names else ""


def _info(asked: CommandRequest) -> Reply:
    bound = _bound_project(asked)
    keys = [project.key for project in _projects(asked.actor)]
    return Reply(
        f"You are {asked.actor.name} ({asked.actor.role}) and have that account's permissions.\n"
        f"This chat ({asked.event.chat_id}) is bound to {bound or 'no project'}.\nYour projects: "
        f"{', '.join(keys) or 'none'}"
    )


def _help(asked: CommandRequest) -> Reply:
    return Reply(commands.HELP)


def _bind(asked: CommandRequest) -> Reply:
    raise AssertionError("bind is handled before the account is known")


_HANDLERS: dict[Verb, Callable[[CommandRequest], Reply]] = {
    Verb.DEVELOP: _develop,
    Verb.PROGRESS: _progress,
    Verb.CANCEL: _cancel,
    Verb.RETRY: _retry,
    Verb.LIST: _list,
    Verb.CONFIRM: _confirm,
    Verb.MESSAGE: _message,
    Verb.WORKSPACE: _workspace,
    Verb.LOGS: _logs,
    Verb.ALLOW: _allow,
    Verb.DRAIN: _drain,
    Verb.UNDRAIN: _undrain,
    Verb.INFO: _info,
    Verb.HELP: _help,
    Verb.BIND: _bind,
}
