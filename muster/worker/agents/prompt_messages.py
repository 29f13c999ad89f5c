"""People's messages that waited for a stage: at the end of its agent's prompt."""

from msgspec.structs import replace

from muster.protocol.frames import RunStage

_HEADING = "People have written these messages about this task since; follow them, too."


def with_messages(order: RunStage) -> RunStage:
    """Return the order with a text that ends with its messages."""
    if not order.messages or order.kind != "agent":
        return order
    parts = [f"{message.author}:\n{message.text}" for message in order.messages]
    end = "\n\n".join(["", _HEADING, *parts])
    fresh = order.fresh_text and order.fresh_text + end
    return replace(order, text=order.text + end, fresh_text=fresh)
