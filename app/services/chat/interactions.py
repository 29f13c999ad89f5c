"""Buttons and menus of cards, and texts for input gates."""

from app.chat import senders
from app.chat.incoming_events import Button, IncomingEvent, Intent, parse_button
from app.chat.messages import DeliveryRefused, RetryLater
from app.domain.answers import AlreadyAnswered
from app.domain.errors import (
    Conflict,
    NoOpenGate,
    NothingPending,
)
from app.domain.roles import Permission
from app.domain.task import EventType
from app.extensions import db
from app.models import Bot, Developer, Event, Gate, Task
from app.services import rights
from app.services.chat import cards, command_handlers, question_cards, replies
from app.services.chat.command_handlers import Reply
from app.services.tasks import answerers, gates, queries

NOT_OURS = "That isn't a Muster button."


def handle_interaction(actor: Developer, bot: Bot, incoming: IncomingEvent) -> Reply | None:
    """Answer the gate of the card, in the card's round. Returns the reply, if one is needed.

    Raises DomainError.
    """
    pressed = parse_button(incoming.button or "")
    if pressed is None:
        return Reply(NOT_OURS)
    if pressed.allowed_event_number is not None:
        return _allow(actor, pressed.task_id, pressed.allowed_event_number)
    task, gate = cards.find_gate(actor, pressed)
    if gate is None:
        raise NothingPending(f"Task #{task.id} has no such question.")
    if pressed.action == "ask" and incoming.intent is Intent.PRESS:
        return _ask_for_input(actor, bot, incoming, task, gate)
    result = incoming.text if incoming.intent is Intent.ANSWER else _answer_of_button(gate, pressed)
    try:
        gates.confirm_stage(
            actor,
            task.id,
            gate.stage_index,
            result,
            number=pressed.number,
            round=pressed.round,
        )
    except Conflict as error:
        update_card(actor, bot, incoming, pressed)
        raise _explain(actor, pressed, error) from error
    if incoming.card is not None and question_cards.is_tracked(bot, incoming.card, pressed):
        return None  # the card will show the answer to everyone once it's edited
    if update_card(actor, bot, incoming, pressed):
        return None
    return command_handlers.answer_reply(
        actor, task.id, cards.stage_name(task, gate.stage_index), result
    )


def _allow(actor: Developer, task_id: int, number: int) -> Reply:
    """Allow the denied host of that event of the task."""
    task = queries.get(actor, task_id)
    event = db.session.get(Event, (task.id, number))
    host = event.data.get("host") if event and event.type is EventType.EGRESS_REFUSED else None
    return command_handlers.allow_host(actor, task.project.key, host) if host else Reply(NOT_OURS)


def _answer_of_button(gate: Gate, pressed: Button) -> str:
    """Return the button's answer to the gate."""
    if gate.choices and pressed.action.isdecimal():
        index = int(pressed.action)
        return gate.choices[index] if index < len(gate.choices) else pressed.action
    return pressed.action


def _ask_for_input(
    actor: Developer, bot: Bot, incoming: IncomingEvent, task: Task, gate: Gate
) -> Reply | None:
    rights.require(Permission.ANSWER_GATE, actor, task.project)
    answerers.require_answerer(actor, task, gate)
    if (ended := cards.gate_result_text(task, gate)) is not None:
        update_card(actor, bot, incoming, parse_button(incoming.button or ""))
        return Reply(f"That question of #{task.id} is closed ({ended}).")
    to = replies.decrypt_address(bot, incoming.chat_id)
    db.session.commit()
    try:
        if senders.open_dialog(to, incoming, gate.prompt, incoming.button or ""):
            return None
    except (DeliveryRefused, RetryLater):
        pass  # it was too late: a dialog can be opened only within three seconds
    return Reply(f"To answer, write: confirm #{task.id} your text")


def update_card(
    actor: Developer, bot: Bot, incoming: IncomingEvent, pressed: Button | None
) -> bool:
    """Edit the pressed card to show the current state. Returns whether it does."""
    if pressed is None or incoming.card is None:
        return False
    task, gate = cards.find_gate(actor, pressed)
    card = cards.build_card(task, gate)
    to = replies.decrypt_address(bot, incoming.chat_id)
    db.session.commit()  # no connection is held while the platform responds
    try:
        senders.edit(to, incoming.card, card, allowed_hosts=frozenset())
    except (DeliveryRefused, RetryLater):
        return False
    return True


def _explain(actor: Developer, pressed: Button, error: Conflict) -> Conflict:
    """Return the same error, with the name of the person who answered, or what has happened to
    the task.
    """
    task, gate = cards.find_gate(actor, pressed)
    ended = cards.gate_result_text(task, gate) if gate is not None else None
    if ended is None:
        return error
    if isinstance(error, AlreadyAnswered):
        text = f"#{task.id} was already answered. {ended}"
        return AlreadyAnswered(error.answered_by, text)
    if isinstance(error, NoOpenGate):
        return NoOpenGate(f"#{task.id} is no longer waiting for that answer. {ended}")
    return error
