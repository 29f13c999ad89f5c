"""People's messages to an attempt's agents, and interrupts, on disk: `messages.json`.

A message waits until the runner hands it over, and is delivered when the agent confirms. Each step
is stored before anyone acts on it, so that whatever dies, none is handed over twice. At the end of
its run, a message without a receipt is `unconfirmed` if it was handed over, else `returned`.

Only the shim writes; the daemon reads. Standard library only.
"""

import json
import os
from collections.abc import Callable
from typing import Any, NamedTuple

from muster.worker.shim.record import replace_file
from muster.worker.shim.wire import Refusal, StageCommand, StrPath, from_fields

FILE_NAME = "messages.json"

MAX_WAITING = 20
"""Messages that can wait at once."""

FINAL_STATES = ("delivered", "unconfirmed", "returned")


class Message(NamedTuple):
    """`state` is `waiting`, `handed`, or one of FINAL_STATES, without the text. `stage_index` and
    `run` are those of the agent that it was for."""

    number: int
    stage_index: int
    run: int
    text: str
    author: str
    when: str
    state: str = "waiting"

    def settled(self) -> "Message":
        """Return it as it is once its run has ended."""
        states = {"waiting": "returned", "handed": "unconfirmed"}
        return self._replace(state=states.get(self.state, self.state), text="")


class Interrupt(NamedTuple):
    """The latest interrupt. `state` is `open`, `ignored` (for 10 s, and still open), or `asked`:
    the agent has stopped, and the runner asks what to do instead."""

    number: int
    stage_index: int
    run: int
    state: str = "open"


class Mail(NamedTuple):
    """What is on disk."""

    messages: dict[int, Message] = {}
    interrupt: Interrupt | None = None


def read_mail(directory: StrPath) -> Mail:
    """Read the file; without one, there was no mail. Raises OSError, ValueError."""
    try:
        with open(os.path.join(directory, FILE_NAME), "rb") as file:
            fields = json.load(file)
    except FileNotFoundError:
        return Mail()
    messages = [from_fields(Message, each) for each in fields["messages"]]
    interrupt = fields["interrupt"] and from_fields(Interrupt, fields["interrupt"])
    return Mail({message.number: message for message in messages}, interrupt)


class ShimMessages:
    """`notify` is called after each change. Any change may raise OSError, and has then no
    effect."""

    def __init__(self, directory: StrPath, notify: Callable[[], None]) -> None:
        self._directory, self._notify = directory, notify
        self._mail: Mail | None = None  # read when needed
        self._run: tuple[int, int] | None = None
        # None: no runner takes messages now.
        self._pass_on: Callable[[dict[str, Any]], None] | None = None

    def open(self, command: StageCommand, pass_on: Callable[[dict[str, Any]], None]) -> None:
        """A run of a stage starts; `pass_on` sends its runner something."""
        self._run = command.stage_index, command.run
        self._pass_on = pass_on if command.messages else None

    def close(self) -> None:
        """The runner takes nothing any more: what waits is returned."""
        self._pass_on = None
        if self._run is not None:
            self._replace_all(lambda each: each.settled() if each.state == "waiting" else each)

    def finish_run(self) -> None:
        """The run has ended."""
        self._run, self._pass_on = None, None
        self._replace_all(Message.settled)

    def accept(self, number: int, text: str, author: str, when: str) -> None:
        """Store a message and pass it on; a known number has no effect. Raises Refusal: `idle`,
        or `full` if too many wait."""
        if self._run is None:
            raise Refusal("idle", "no stage is running")
        messages = self._load().messages
        if number in messages:
            return
        message = Message(number, *self._run, text, author, when)
        if self._pass_on is None:
            self._store({**messages, number: message.settled()})
            return
        if self._count_waiting() >= MAX_WAITING:
            raise Refusal("full", "too many messages wait")
        self._store({**messages, number: message})
        fields = {"number": number, "text": text, "author": author, "when": when}
        self._pass_on({"message": fields})

    def interrupt(self, number: int, author: str) -> None:
        """Store an interrupt and pass it on; an earlier or known number has no effect. Raises
        Refusal: `idle`."""
        if self._run is None or self._pass_on is None:
            raise Refusal("idle", "no agent is running that takes messages")
        mail = self._load()
        if mail.interrupt is not None and number <= mail.interrupt.number:
            return
        self._store(mail.messages, Interrupt(number, *self._run))
        self._pass_on({"interrupt": {"number": number, "author": author}})

    def handle_request(self, request: dict[str, Any]) -> int:
        """Handle a message of the runner. Raises ValueError for an invalid one."""
        match request:
            case {"handed": {"number": int(number)}}:
                self._move(number, "waiting", "handed")
            case {"receipt": {"number": int(number)}}:
                self._move(number, "handed", "delivered")
            case {"ignored": {"number": int(number)}}:
                self._move_interrupt(number, "ignored")
            case {"idle": {}}:
                return self._count_due()
            case _:
                raise ValueError("not an entry, facts, a question, a reply or about mail")
        return 0

    def mark_asked(self, number: int) -> None:
        """The agent has stopped. Raises ValueError if that interrupt isn't open."""
        self._move_interrupt(number, "asked")

    def _count_due(self) -> int:
        """Return how many messages and interrupts the runner still has to handle. Without any,
        none comes any more."""
        due = self._count_waiting() + (self._open_interrupt() is not None)
        if due == 0:
            self.close()
        return due

    def _move_interrupt(self, number: int, state: str) -> None:
        interrupt = self._open_interrupt()
        if interrupt is None or interrupt.number != number:
            raise ValueError("no such interrupt is open")
        self._store(self._load().messages, interrupt._replace(state=state))

    def _open_interrupt(self) -> Interrupt | None:
        interrupt = self._load().interrupt
        if interrupt is None or (interrupt.stage_index, interrupt.run) != self._run:
            return None
        return interrupt if interrupt.state in ("open", "ignored") else None

    def _count_waiting(self) -> int:
        return sum(message.state == "waiting" for message in self._load().messages.values())

    def _move(self, number: int, before: str, after: str) -> None:
        messages = self._load().messages
        message = messages.get(number)
        if message is None or message.state != before:
            raise ValueError(f"message {number} isn't {before}")
        self._store({**messages, number: message._replace(state=after, text="")})

    def _replace_all(self, change: Callable[[Message], Message]) -> None:
        """What a full disk doesn't store, the reader concludes from the run's end."""
        messages = self._load().messages
        changed = {number: change(message) for number, message in messages.items()}
        if changed == messages:
            return
        try:
            self._store(changed)
        except OSError:
            self._mail = Mail(changed, self._load().interrupt)

    def _load(self) -> Mail:
        """What an earlier shim left has no run any more."""
        if self._mail is None:
            mail = read_mail(self._directory)
            self._mail = Mail(
                {number: message.settled() for number, message in mail.messages.items()},
                mail.interrupt,
            )
        return self._mail

    def _store(self, messages: dict[int, Message], interrupt: Interrupt | None = None) -> None:
        mail = Mail(messages, interrupt or self._load().interrupt)
        fields = {
            "messages": [message._asdict() for message in mail.messages.values()],
            "interrupt": mail.interrupt and mail.interrupt._asdict(),
        }
        replace_file(self._directory, FILE_NAME, fields, durable=True)
        self._mail = mail
        self._notify()
