"""A Muster of two gunicorns behind one address, where a machine and people come in."""

import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil
import sqlalchemy as sa

import config
from app.domain.task_message import takes_messages
from app.embedded import ports, probes
from app.embedded.ports import LOOPBACK
from app.embedded.stack import Stack
from app.server_cli.local import admin, paths
from app.server_cli.local.api import ApiClient
from demo.repository import Repository
from tests.chaos import agent_programs, listening_agent
from tests.chaos.machines import Machine
from tests.chaos.proxy import Proxy
from tests.chaos.world import end_all_of
from tests.flows.running_stack import PASSWORD, FollowedTask, RunningStack, wait_for
from tests.gunicorns import SERVERS, two_servers

_SETTINGS = {
    "DATABASE_URL": "",
    "REDIS_URL": "",
    "MUSTER_ADMIN_PASSWORD": PASSWORD,
    "MUSTER_EMBEDDED_FSYNC": "off",
    "MUSTER_HEARTBEAT_SECONDS": "1",
    "MUSTER_SILENCE_SECONDS": "6",
    "MUSTER_LEASE_SECONDS": "60",
    "MUSTER_MAX_LOAD_PERCENT": "101",
    "MUSTER_MAX_DISK_PERCENT": "101",
    "MUSTER_WEB_WORKERS": "1",
}


class Pair(RunningStack):
    """`address` leads to either server, and to the other one where one refuses. `notes` is a
    directory that stages may write to; the machine's claude is a stand-in that people steer."""

    def __init__(self, home: Path, settings: Mapping[str, str] | None = None) -> None:
        self.home = home
        self.notes = home / "notes"
        second = ports.find_free_port()
        settings = {**_SETTINGS, **(settings or {})}
        self.stack = Stack(
            home / "stack", ports.find_free_port(), settings, table=two_servers(second)
        )
        self.ports = dict(zip(SERVERS, (self.stack.port, second), strict=True))

    def furnish(self) -> None:
        self.notes.mkdir()
        self.notes.chmod(0o1777)  # stages have uids of their own
        self.proxy = Proxy()
        self.people, self.way = (self.proxy.open_port(*self.ports.values()) for _ in range(2))
        self.address = f"http://{LOOPBACK}:{self.people.port}"
        admin.create_admin(self.stack)
        self.api = ApiClient(self.address)
        self.api.login(admin.ADMIN_NAME, PASSWORD)
        self.repository = Repository(self.home / "repository.git")
        self.repository.fill()
        url = config.database_uri(self.stack.env["DATABASE_URL"])
        self.database = sa.create_engine(url, poolclass=sa.NullPool)
        agents = self.home / "agents"
        agents.mkdir()
        agent_programs.install(listening_agent, agents, "claude")
        area = paths.machines_directory(self.stack.home)
        self.worker = Machine(self.stack, area / "0", 0, self.way, agents)
        self.worker.enroll(self.api)
        self.worker.start()
        self.wait_until_connected(0)

    def close(self) -> None:
        """When the stack has stopped."""
        self.proxy.close()
        end_all_of(self.home)  # shims outlive their daemon

    # Servers

    def await_servers(self) -> None:
        """Until both serve."""
        for name, port in self.ports.items():
            wait_for(
                lambda port=port: probes.probe(port, "/readyz", tls=False)[0] == 200,
                name,
                problem=self.find_problem,
            )

    def restart(self, *names: str) -> None:
        for name in names:
            self.stack.restart(name)
        self.await_servers()

    def processes_of(self, name: str) -> list[psutil.Process]:
        """A gunicorn's master and its workers."""
        master = psutil.Process(self.stack.processes[name].pid)
        return [master, *master.children(recursive=True)]

    def heal(self) -> None:
        """Start what is down, thaw what is frozen, lead everybody anywhere."""
        for process in self.stack.processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
        for name, process in list(self.stack.processes.items()):
            if process.poll() is not None:
                self.stack.restart(name)
        for door in (self.people, self.way):
            door.lead_to(*self.ports.values())
        self.await_servers()
        self.wait_until_connected(0)

    # The machine

    def row(self) -> Any:
        """The machine's, as Postgres has it."""
        with self.database.connect() as connection:
            query = sa.text("SELECT generation, connected, status::text FROM machines")
            return connection.execute(query).one()

    def takes_messages(self) -> bool:
        """Whether it knows by now that its claude does: it has to ask it for its version."""
        with self.database.connect() as connection:
            query = sa.text("SELECT capabilities FROM machines")
            return takes_messages(connection.execute(query).scalar_one(), "claude")

    def wait_until_connected(self, after: int) -> int:
        """The generation of a connection later than that one."""

        def poll() -> int | None:
            row = self.row()
            return int(row.generation) if row.connected and row.generation > after else None

        return wait_for(poll, f"connection after the {after}th", problem=self.find_problem)

    def start_machine_at(self, name: str) -> int:
        """Start its daemon anew, to speak with that server; the generation of its connection. (One
        that has been cut off again and again takes its time to connect.)"""
        generation = self.row().generation
        self.way.lead_to(self.ports[name])
        self.stack.restart(self.worker.name)
        return self.wait_until_connected(generation)

    # Tasks

    def counting(self, key: str, **fields: Any) -> "Counting":
        """A task whose only stage prints numbered lines until it is told to end."""
        flag = self.notes / key
        count = f"i=0; until [ -e {flag} ]; do i=$((i+1)); echo line $i; sleep 0.02; done"
        stage = {"name": "count", "kind": "shell", "command": f"{count}; echo $i > count.txt"}
        self.project(key, stage, **fields)
        task = Counting(self, self.task(key).id)
        task.flag = flag
        task.wait_for_more()
        return task


class Counting(FollowedTask):
    """A task that prints numbered lines."""

    flag: Path

    def wait_for_more(self) -> None:
        """Until lines have come that are not there yet."""
        before = self.log().count(b"\n")
        self.wait_for(lambda: self.log().count(b"\n") >= before + 10, "more lines")

    def finish(self) -> dict[str, Any]:
        """Let it end; the completed task. Its log is what the stage wrote, to the byte."""
        self.flag.touch()
        done = self.wait_for_status("completed")
        written = int(self.running.repository.git("show", f"{done['branch']}:count.txt"))
        assert self.log() == b"".join(b"line %d\r\n" % i for i in range(1, written + 1))
        return done
