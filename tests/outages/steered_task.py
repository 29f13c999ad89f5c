"""A task whose agent people steer, seen from all sides: its processes, the machine's files, the
agent's own notes, the API."""

import json
import re
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from muster.protocol.attempt_key import AttemptKey
from muster.worker import processes
from muster.worker.processes import Process
from muster.worker.shim import client as shim_client
from tests.chaos import stage_notes
from tests.chaos.client import TASKS, Client, Reply
from tests.chaos.run import Run
from tests.flows.running_stack import FollowedTask
from tests.outages.pair import Pair
from tests.wait import wait_until

LIMIT = 90.0  # seconds for whatever is to happen
_AGENT = b"/agents/claude"


class SteeredTask:
    def __init__(self, pair: Pair, client: Client, task_id: int) -> None:
        self.pair, self.client, self.id = pair, client, task_id
        self.path = f"{TASKS}/{task_id}"
        self.losses = 0
        self._journal_start = 0

    # ---- the API

    def now(self) -> dict[str, Any]:
        return dict(self._get(self.path))

    def messages(self) -> list[dict[str, Any]]:
        return list(self._get(f"{self.path}/messages?limit=200")["items"])

    def find_gate(self) -> dict[str, Any] | None:
        """The open one."""
        reply = self.client.ask("GET", f"{self.path}/pending-confirm")
        return reply.body if reply.status == 200 else None

    def log_end(self) -> str:
        return FollowedTask(self.pair, self.id).log()[-1_000:].decode(errors="replace")

    def _get(self, path: str) -> Any:
        """Again, until a server answers."""
        found: list[Any] = []

        def ask() -> bool:
            reply = self.client.ask("GET", path)
            found[:] = [reply.body]
            return reply.status == 200

        wait_until(ask, f"answer to GET {path}", LIMIT)
        return found[0]

    # ---- processes

    def agent(self) -> Process | None:
        for process, whose in self.pair.worker.stages():
            words = _read(process.pid).split(b"\0")
            if whose[0] == self.id and len(words) > 2 and words[2].endswith(_AGENT):
                return process
        return None

    def runner(self) -> Process | None:
        agent = self.agent()
        return agent and processes.find(agent.parent)

    def shim(self) -> Process | None:
        mine = [each for each, whose in self.pair.worker.shims() if whose[0] == self.id]
        return mine[0] if mine else None

    # ---- the machine's files

    @property
    def directory(self) -> Path:
        attempt = max(run.attempt for run in self.runs())
        return self.pair.worker.layout.attempt(AttemptKey(self.id, attempt))

    def mail_state(self, number: int) -> str:
        with suppress(OSError, ValueError):
            mail = json.loads((self.directory / "messages.json").read_bytes())
            return "".join(m["state"] for m in mail["messages"] if m["number"] == number)
        return ""

    def question_count(self) -> int:
        """How many questions the shim has opened."""
        with suppress(OSError, ValueError):
            return int(json.loads((self.directory / "state.json").read_bytes())["asked"])
        return 0

    def has_shim_answer(self) -> bool:
        """Whether the shim has had the answer to its question."""
        link = shim_client.attach(self.directory)
        if link is None:
            return False
        try:
            question = link.fetch_state().question
            return question is not None and question.state == "answered"
        finally:
            link.close()

    def mark_journal(self) -> None:
        """`is_journaled` looks at what follows."""
        self._journal_start = self._journal.stat().st_size

    def is_journaled(self, pattern: str) -> bool:
        text = self._journal.read_bytes()
        new = text[self._journal_start :] if len(text) >= self._journal_start else text
        return re.search(pattern.encode(), new) is not None

    @property
    def _journal(self) -> Path:
        return self.pair.worker.layout.journal / "journal"

    # ---- the agent's notes

    def runs(self) -> list[Run]:
        return stage_notes.runs(self.pair.notes, str(self.id))

    def latest_run(self) -> Run:
        return self.runs()[-1]


class Request:
    """Something that a person sends, again until it is answered, in a thread of its own. `key`
    names it: the server does it once."""

    def __init__(self, client: Client, path: str, body: dict[str, Any], key: str) -> None:
        self.body = body
        self.tries: list[Reply] = []
        self._thread = threading.Thread(target=self._send, args=(client, path, body, key))
        self._thread.daemon = True
        self._thread.start()

    @property
    def reply(self) -> Reply | None:
        """What the server has answered, if it has."""
        is_answered = self.tries and (self.tries[-1].status or 500) < 500
        return self.tries[-1] if is_answered else None

    def wait(self) -> Reply:
        found = wait_until(lambda: self.reply, "answer to a request", LIMIT)
        self._thread.join()
        return found

    def _send(self, client: Client, path: str, body: dict[str, Any], key: str) -> None:
        done = threading.Event()
        while self.reply is None and not done.wait(0.05 if self.tries else 0.0):
            self.tries.append(client.ask("POST", path, body, key))


def wait_for(look: Callable[[], object], what: str) -> None:
    wait_until(lambda: bool(look()), what, LIMIT)


def _read(pid: int) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def is_stopped(pid: int) -> bool:
    found = processes.find(pid)
    return found is None or found.state in "TtZXx"
