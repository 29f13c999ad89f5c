"""Buttons and menus of cards, and the texts that input gates ask for."""

from app.chat import senders
from app.chat.incoming_events import Button, Incoming, Intent, button
from app.chat.messages import DeliveryRefused, TryAgain
from app.domain.errors import (
    AlreadyAnswered,
    Conflict,
    NoOpenGate,
    NothingPending,
)
from app.domain.roles import Act
from app.domain.task import EventType
from app.extensions import db
from app.models import Bot, Developer, Event, Gate, Task
from app.services import rights
from app.services.chat import cards, command_handlers, question_cards, replies
from app.services.chat.command_handlers import Reply
from app.services.tasks import gates, queries

NOT_OURS = "That button is not one of Muster's."


def carry_out(actor: Developer, bot: Bot, said: Incoming) -> Reply | None:
    """Answer the gate that the card shows, in the card's round. Returns the reply, if one is
    needed.

    Raises DomainError.
    """
    pressed = button(said.button or "")
    if pressed is None:
        return Reply(NOT_OURS)
    if pressed.allows is not None:
        return _allow(actor, pressed.task_id, pressed.allows)
    task, gate = cards.asked(actor, pressed)
    if gate is None:
        raise NothingPending(f"task #{task.id} has not asked that")
    if pressed.what == "ask" and said.wanted is Intent.PRESS:
        return _ask(actor, bot, said, task, gate)
    result = said.text if said.wanted is Intent.ANSWER else _result(gate, pressed)
    try:
        gates.confirm(
            actor,
            task.id,
            gate.stage_index,
            result,
            number=pressed.number,
            round=pressed.round,
        )
    except Conflict as error:
        show(actor, bot, said, pressed)
        raise _explained(actor, pressed, error) from error
    if said.card is not None and question_cards.is_kept(bot, said.card, pressed):
        return None  # the card will show the answer to everybody, when its edit is sent
    if show(actor, bot, said, pressed):
        return None
    return command_handlers.answered(
        actor, task.id, cards.stage_name(task, gate.stage_index), result
    )


def _allow(actor: Developer, task_id: int, number: int) -> Reply:
    """Allow the host that was refused by that event of the task."""
    task = queries.get(actor, task_id)
    event = db.session.get(Event, (task.id, number))
    host = event.data.get("host") if event and event.type is EventType.EGRESS_REFUSED else None
    return command_handlers.allow(actor, task.project.key, host) if host else Reply(NOT_OURS)


def _result(gate: Gate, pressed: Button) -> str:
    """The answer to the gate that the button stands for."""
    if gate.choices and pressed.what.isdecimal():
        index = int(pressed.what)
        return gate.choices[index] if index < len(gate.choices) else pressed.what
    return pressed.what


def _ask(actor: Developer, bot: Bot, said: Incoming, task: Task, gate: Gate) -> Reply | None:
    rights.require(Act.ANSWER_GATE, actor, task.project)
    if (ended := cards.over(task, gate)) is not None:
        show(actor, bot, said, button(said.button or ""))
        return Reply(f"That question of #{task.id} is over ({ended}).")
    to = replies.address(bot, said.chat_id)
    db.session.commit()
    try:
        if senders.ask(to, said, gate.prompt, said.button or ""):
            return None
    except (DeliveryRefused, TryAgain):
        pass  # it was too late: a dialog can be opened only within three seconds
    return Reply(f"Answer it like this: confirm #{task.id} your text")


def show(actor: Developer, bot: Bot, said: Incoming, pressed: Button | None) -> bool:
    """Edit the card that was pressed, so that it shows the present state. Returns whether it
    does.
    """
    if pressed is None or said.card is None:
        return False
    task, gate = cards.asked(actor, pressed)
    card = cards.message(task, gate, command_handlers.progress(task))
    to = replies.address(bot, said.chat_id)
    db.session.commit()  # no connection is held while the platform takes its time
    try:
        senders.edit(to, said.card, card, allowed_hosts=frozenset())
    except (DeliveryRefused, TryAgain):
        return False
    return True


def _explained(actor: Developer, pressed: Button, error: Conflict) -> Conflict:
    """The same error, with the name of who has answered, or with what has happened to the task."""
    task, gate = cards.asked(actor, pressed)
    ended = cards.over(task, gate) if gate is not None else None
    if ended is None:
        return error
    if isinstance(error, AlreadyAnswered):
        return AlreadyAnswered(f"#{task.id} has been answered already. {ended}")
    if isinstance(error, NoOpenGate):
        return NoOpenGate(f"#{task.id} no longer waits for that answer. {ended}")
    return error
