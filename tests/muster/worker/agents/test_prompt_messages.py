"""A stage's prompt ends with the messages that waited for it."""

from msgspec.structs import replace

from muster.protocol.frames import PromptMessage
from muster.worker.agents.prompt_messages import with_messages
from tests.muster.worker.agents.test_stage_command import order

WAITED = [PromptMessage(4, "Ada", "Do B."), PromptMessage(5, "Mei", "And C.")]


def test_both_texts_end_with_the_messages_and_their_authors() -> None:
    made = with_messages(replace(order("Do A."), fresh_text="Do A at first.", messages=WAITED))
    end = "\n\nAda:\nDo B.\n\nMei:\nAnd C."
    assert made.text.startswith("Do A.\n\n")
    assert made.text.endswith(end)
    assert made.fresh_text == made.text.replace("Do A.", "Do A at first.")


def test_without_messages_it_stays_as_it_is() -> None:
    plain = order("Do A.")
    assert with_messages(plain) is plain
    script = replace(order("make", "shell"), messages=WAITED)
    assert with_messages(script) is script, "a script is nobody's to add to"
