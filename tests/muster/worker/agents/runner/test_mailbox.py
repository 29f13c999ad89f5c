"""People's messages come from the shim in order, and each step goes back to it."""

from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from muster.worker.agents.runner.channel import Channel
from muster.worker.agents.runner.mailbox import Mailbox, Message
from tests.muster.worker.agents.runner.steered import FakeChannel, entries

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
)


class Recorder:
    def __init__(self) -> None:
        self.came: list[Any] = []

    def deliver(self, message: Message) -> None:
        self.came.append((message.number, message.text, message.author, message.is_urgent))

    def interrupt(self, number: int, author: str) -> None:
        self.came.append((number, author))


def make_mailbox(channel: FakeChannel) -> Mailbox:
    return Mailbox(cast(Channel, channel))


def test_messages_and_interrupts_come_in_their_order() -> None:
    channel, recorder = FakeChannel(), Recorder()
    mailbox = make_mailbox(channel)
    channel.unsolicited = [
        {"message": {"number": 3, "text": "Do B.", "author": "Ada", "when": "now"}},
        {"answer": {"number": 0}},
        {"interrupt": {"number": 1, "author": "Mei"}},
        {"message": {"number": 4, "text": "Do C.", "author": "Mei", "when": "next"}},
    ]
    assert not mailbox.has_mail, "nobody takes it"
    mailbox.process()
    assert len(channel.unsolicited) == 4
    mailbox.recipient = recorder
    assert mailbox.has_mail
    mailbox.process()
    assert recorder.came == [(3, "Do B.", "Ada", True), (1, "Mei"), (4, "Do C.", "Mei", False)]
    assert channel.unsolicited == [{"answer": {"number": 0}}], "that is for the questions"
    assert not mailbox.has_mail


@given(JSON, JSON)
def test_whatever_comes_is_passed_on_or_dropped(message: Any, interrupt: Any) -> None:
    channel, recorder = FakeChannel(), Recorder()
    mailbox = make_mailbox(channel)
    mailbox.recipient = recorder
    channel.unsolicited = [{"message": message}, {"interrupt": interrupt}]
    mailbox.process()
    assert channel.unsolicited == []


def test_the_shim_knows_each_step() -> None:
    channel = FakeChannel()
    mailbox = make_mailbox(channel)
    assert mailbox.mark_handed(3)
    mailbox.confirm_receipt(3)
    mailbox.report_ignored(1)
    channel.waiting = 2
    assert mailbox.has_waiting()
    assert channel.requests == [
        ("handed", {"number": 3}),
        ("receipt", {"number": 3}),
        ("ignored", {"number": 1}),
        ("idle", {}),
    ]


def test_what_the_shim_cannot_store_is_not_handed_over() -> None:
    channel = FakeChannel()
    channel.refused = {"handed", "idle"}
    mailbox = make_mailbox(channel)
    assert not mailbox.mark_handed(3)
    assert not mailbox.has_waiting(), "without a shim none comes"


def test_a_read_message_is_an_entry_with_its_author() -> None:
    (entry,) = entries(Message(3, "Do B.", "Ada").to_updates())
    assert entry == {
        "kind": "message",
        "title": "Do B.",
        "text": "Do B.",
        "data": {"author": "Ada", "number": 3},
    }
