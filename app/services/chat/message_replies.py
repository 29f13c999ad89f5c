"""Replies to messages that people send to agents from a chat."""

from app.domain.task_message import MessageState
from app.models import TaskMessage


def describe_sent(sent: TaskMessage, author: str) -> str:
    """Return what happens to a new message."""
    if sent.state is MessageState.RETURNED:
        effect = "wasn't sent: no agent is left to read it"
    elif sent.attempt is not None:
        effect = "is on its way to the agent"
    else:
        effect = "waits for the next agent stage"
    return f"#{sent.task_id}: message {sent.number} by {author} {effect}"
