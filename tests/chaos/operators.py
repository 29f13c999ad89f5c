"""An operator at work: drains machines, takes them back, and replaces them, one act at a time."""

import contextlib
import subprocess
import threading
from collections.abc import Callable
from itertools import count
from queue import SimpleQueue
from typing import Any

from app.server_cli.local.api import ApiClient, ApiError
from muster.worker import processes
from tests.chaos.client import Client, Reply, wait_until
from tests.chaos.history import Operated, Recorder
from tests.chaos.machines import Machine
from tests.chaos.rules.deaths import STAYED

_MACHINES = "/api/web/machines"
_AGAIN = 0.5  # seconds until what was not answered is asked again
_LEAVING = 60.0  # seconds for a daemon to hear that it is decommissioned
_ENROLLING = 90.0


class Operator:
    """Does what it is asked in a thread of its own, each act until it is answered."""

    def __init__(self, client: Client, session: ApiClient, recorder: Recorder) -> None:
        """`session` is of an admin who has logged in."""
        self._client, self._session, self._recorder = client, session, recorder
        self._acts: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._numbers = count(1)
        self._drained: dict[str, str] = {}  # machines by name, as they were called then
        self._asked = self._done = 0
        threading.Thread(target=self._work, name="operator", daemon=True).start()

    @property
    def is_idle(self) -> bool:
        return self._done == self._asked

    def drain(self, machine: Machine, deadline: int | None) -> None:
        """`deadline` in seconds; None: what runs may end."""
        self._ask(lambda: self._drain(machine, deadline))

    def undrain(self, machine: Machine) -> None:
        """Of a machine that was replaced meanwhile there is nothing to take back."""
        self._ask(lambda: self._undrain(machine))

    def replace(self, machine: Machine, on_enrolled: Callable[[], object]) -> None:
        """Decommission it, and enroll its home anew once its daemon has gone."""
        self._ask(lambda: self._replace(machine, on_enrolled))

    def _ask(self, act: Callable[[], None]) -> None:
        self._asked += 1
        self._acts.put(act)

    def _work(self) -> None:
        while True:
            self._acts.get()()
            self._done += 1

    def _drain(self, machine: Machine, deadline: int | None) -> None:
        machine_id = self._id(machine)
        body = {"note": f"request {self._done}", "deadlineSeconds": deadline}
        path = f"{_MACHINES}/{machine_id}/drain"
        self._insist("drain", machine, machine_id, "POST", path, body)
        self._drained[machine.name] = machine_id

    def _undrain(self, machine: Machine) -> None:
        machine_id = self._drained.pop(machine.name, "")
        if machine_id:
            path = f"{_MACHINES}/{machine_id}/undrain"
            self._insist("undrain", machine, machine_id, "POST", path)

    def _replace(self, machine: Machine, on_enrolled: Callable[[], object]) -> None:
        machine_id, daemon = self._id(machine), processes.find(machine.daemon.pid)
        path = f"/api/admin/machines/{machine_id}"
        self._insist("decommission", machine, machine_id, "DELETE", path)
        self._drained.pop(machine.name, None)
        if not wait_until(lambda: daemon is None or not _lives(daemon), _LEAVING):
            self._recorder.record_disruption(STAYED, machine.name)
            return
        token = self._enrollment_token(machine)
        subprocess.run(machine.enrollment(), input=token.encode(), env=machine.stack.env,
                       timeout=_ENROLLING, check=True, capture_output=True)  # fmt: skip
        on_enrolled()

    def _enrollment_token(self, machine: Machine) -> str:
        """As somebody who has logged in: a personal token makes no tokens."""
        while True:
            with contextlib.suppress(ApiError, OSError):
                made = self._session.post("/api/admin/worker-tokens", {"label": machine.name})
                return str(made["token"])
            threading.Event().wait(_AGAIN)

    def _id(self, machine: Machine) -> str:
        shown = self._until_answered("GET", f"{_MACHINES}?limit=200").body["items"]
        mine = [m for m in shown if m["name"] == machine.name and m["status"] != "decommissioned"]
        return str(mine[0]["id"])

    def _insist(self, verb: str, machine: Machine, machine_id: str, *request: Any) -> None:
        number = f"o{next(self._numbers)}"

        def tell(reply: Reply) -> None:
            fields = (number, self._client.name, reply.began, reply.ended, reply.status)
            self._recorder.write(Operated(verb, machine.name, machine_id, *fields))

        self._until_answered(*request, tell=tell)

    def _until_answered(
        self, *request: Any, tell: Callable[[Reply], None] = lambda _: None
    ) -> Reply:
        while True:
            reply = self._client.ask(*request)
            tell(reply)
            if reply.status is not None and reply.status < 500:
                return reply
            threading.Event().wait(_AGAIN)


def _lives(process: processes.Process) -> bool:
    now = processes.find(process.pid)
    return now is not None and now.started == process.started and now.is_alive
