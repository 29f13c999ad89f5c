"""`attempt.json`: what a daemon that starts anew must know to finish what an earlier one began.

Nothing that only the stage itself needs is kept: neither its text, nor its environment, nor its
secrets. The repository's token and key are, until the attempt is forgotten: the checkpoint needs
them.
"""

from pathlib import Path

import msgspec

from muster.protocol.frames import Author, Publish, Repo, RunStage
from muster.worker import durable

NAME = "attempt.json"


class KeptOrder(msgspec.Struct, frozen=True):
    """The latest stage order. `conversed`: an agent has had a conversation in this workspace
    before it, which can be continued. `run` counts the processes of the stage.

    `stage_index` is -1 in an attempt that began with the push.
    """

    stage_index: int
    stage_name: str
    is_agent: bool
    agent: str
    repo: Repo
    author: Author
    conversed: bool = False
    project: str = ""  # this and what follows is not in what earlier releases wrote
    run: int = 0

    @classmethod
    def of(cls, order: RunStage, before: "KeptOrder | None") -> "KeptOrder":
        """What is to be kept of an order; `before` is what was kept of the one before it."""
        return cls(
            order.stage_index,
            order.stage_name,
            order.kind == "agent",
            order.agent,
            order.repo,
            order.author,
            conversed=bool(before and (before.conversed or before.is_agent)),
            project=order.project,
            run=order.run,
        )

    @classmethod
    def of_push(cls, order: Publish) -> "KeptOrder | None":
        """What is to be kept of a push that begins an attempt; None for one that begins none."""
        if order.repo is None or order.author is None:
            return None
        return cls(-1, "", False, "", order.repo, order.author)

    def write(self, directory: Path) -> None:
        """Raises OSError."""
        durable.replace(directory / NAME, msgspec.json.encode(self))


def read(directory: Path) -> KeptOrder | None:
    """The order that is kept in an attempt's directory; None where none can be read."""
    try:
        return msgspec.json.decode((directory / NAME).read_bytes(), type=KeptOrder)
    except (OSError, msgspec.DecodeError):
        return None
