"""`attempt.json`: the state that a restarted daemon needs to finish an attempt.

It has nothing that only the stage itself needs: neither its text, nor its environment, nor its
secrets. It has the repository's token and key until the attempt is removed, because the checkpoint
needs them.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from muster.protocol.frames import (
    Author,
    OnLimit,
    Publish,
    Repo,
    RunStage,
    SuspendedBy,
    UsageItem,
)
from muster.worker import atomic_write
from muster.worker.agents import usage
from muster.worker.agents.usage import SessionUsage

FILE_NAME = "attempt.json"

_SESSION_ID = re.compile(
    r"[A-Za-z0-9][\w.:-]{0,199}"
)  # whatever it is, it stays one harmless argument


class AttemptState(msgspec.Struct, frozen=True):
    """The latest stage order. `has_session`: its agent has had a session in this workspace that can
    be resumed; `session_agents`: all agents that had one. `sessions` has the known session IDs by
    agent; `session_usage` has the usage of agents that report a session's total. `run` counts the
    stage's processes. `suspended_by` is why the stage is being suspended, if it is.

    `reused_home_of` is the number of the attempt whose home this one reuses.

    `stage_index` is -1 in an attempt that began with the push. `is_interactive`: the agent has its
    terminal interface; only stored if so.
    """

    stage_index: int
    stage_name: str
    is_agent: bool
    agent: str
    repo: Repo
    author: Author
    has_session: bool = msgspec.field(default=False, name="conversed")
    project: str = ""
    run: int = 0
    session_agents: tuple[str, ...] = msgspec.field(default=(), name="talked")
    sessions: dict[str, str] = {}
    on_limit: OnLimit = "fail"
    suspended_by: SuspendedBy | None = None
    session_usage: dict[str, SessionUsage] = msgspec.field(default_factory=dict, name="spent")
    reused_home_of: int | None = msgspec.field(default=None, name="home_of")
    is_interactive: bool | msgspec.UnsetType = msgspec.UNSET

    @classmethod
    def from_order(cls, order: RunStage, before: "AttemptState | None") -> "AttemptState":
        """Return the state for an order; `before` is the state for the previous one."""
        talked: tuple[str, ...] = ()
        suspended_by = None
        if before is not None:
            is_same = (order.stage_index, order.run) == (before.stage_index, before.run)
            talked = before.session_agents if is_same else before._agents_with_sessions()
            suspended_by = before.suspended_by if is_same else None
        return cls(
            order.stage_index,
            order.stage_name,
            order.kind == "agent",
            order.agent,
            order.repo,
            order.author,
            has_session=order.agent in talked,
            project=order.project,
            run=order.run,
            session_agents=talked,
            sessions=before.sessions if before else {},
            on_limit=order.on_limit,
            suspended_by=suspended_by,
            session_usage=before.session_usage if before else {},
            reused_home_of=before.reused_home_of if before else None,
            is_interactive=_has_terminal_interface(order) or msgspec.UNSET,
        )

    @classmethod
    def from_publish(cls, order: Publish) -> "AttemptState | None":
        """Return the state for a push that begins an attempt; None for another push."""
        if order.repo is None or order.author is None:
            return None
        return cls(-1, "", False, "", order.repo, order.author)

    def for_next_attempt(self, number: int, *, talks_on: bool) -> "AttemptState":
        """Return the state for the next attempt on this machine; this one has that `number`. Only
        sessions with a known ID are certain to be in the home.
        """
        return AttemptState(
            -1,
            "",
            False,
            "",
            self.repo,
            self.author,
            session_agents=tuple(self.sessions) if talks_on else (),
            sessions=self.sessions if talks_on else {},
            session_usage=self.session_usage if talks_on else {},
            reused_home_of=number,
        )

    @property
    def session_id(self) -> str | None:
        """The ID of the session to resume, if its agent reported one."""
        return self.sessions.get(self.agent)

    def with_exit_facts(self, facts: Mapping[str, Any], directory: Path) -> "AttemptState":
        """Return the state after its stage exited with these facts; stored if they change it.
        Raises OSError.
        """
        session = facts.get("session")
        if not self.is_agent or not isinstance(session, str) or not _SESSION_ID.fullmatch(session):
            return self
        counted = self._session_usage(facts)
        learned = msgspec.structs.replace(
            self,
            sessions={**self.sessions, self.agent: session},
            session_usage={**self.session_usage, self.agent: counted}
            if counted
            else self.session_usage,
        )
        if learned != self:
            learned.write(directory)
        return learned

    def mark_suspending(self, reason: SuspendedBy, directory: Path) -> "AttemptState":
        """Return the state of a stage that is about to be suspended; stored first, so that a
        restarted daemon knows why the stage stopped. Raises OSError.
        """
        suspending = msgspec.structs.replace(self, suspended_by=reason)
        suspending.write(directory)
        return suspending

    def usage_from_facts(self, facts: Mapping[str, Any]) -> list[UsageItem]:
        """Return this run's usage from its facts, before or after its exit."""
        return usage.run_usage(facts, self._session_usage(facts))

    def _session_usage(self, facts: Mapping[str, Any]) -> SessionUsage | None:
        return usage.update_session_usage(
            facts, self.stage_index, self.run, self.session_usage.get(self.agent)
        )

    def _agents_with_sessions(self) -> tuple[str, ...]:
        own = [self.agent] if self.is_agent else []
        return tuple(dict.fromkeys((*self.session_agents, *own)))

    def write(self, directory: Path) -> None:
        """Write the state. Raises OSError."""
        atomic_write.replace_file(directory / FILE_NAME, msgspec.json.encode(self))


def _has_terminal_interface(order: RunStage) -> bool:
    is_terminal = order.options is not None and order.options.interface == "terminal"
    return order.kind == "agent" and is_terminal


def read(directory: Path) -> AttemptState | None:
    """Return the state in an attempt's directory; None if it can't be read."""
    try:
        return msgspec.json.decode((directory / FILE_NAME).read_bytes(), type=AttemptState)
    except (OSError, msgspec.DecodeError):
        return None
