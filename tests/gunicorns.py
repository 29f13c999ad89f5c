"""Real gunicorn processes for tests, on ports of their own."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from app.embedded import ports, probes, processes
from app.embedded.commands import Commands, stack_commands
from app.embedded.processes import Process, Program
from app.embedded.stack import Stack
from tests.wait import exit_of, wait_until

ROOT = Path(__file__).parent.parent
SERVERS = ("gunicorn", "gunicorn-2")


class Gunicorn:
    """A gunicorn that answers on `url`."""

    def __init__(self, process: Process, port: int) -> None:
        self.process, self.port = process, port
        self.url = f"http://{ports.LOOPBACK}:{port}"

    @property
    def log(self) -> str:
        return self.process.program.log.read_text()


@contextmanager
def gunicorn(
    directory: Path,
    env: Mapping[str, str],
    *,
    app: str = "wsgi:app",
    probe: str = "/healthz",
    patience: float = 120,
) -> Iterator[Gunicorn]:
    """Our gunicorn, with our settings, until the block ends. `env` is its whole environment."""
    # Of all addresses where it serves those: another's connection may have it on one of them.
    port, tls = (
        ports.find_free_port(env.get("MUSTER_BIND", ports.LOOPBACK)),
        "MUSTER_TLS_CERT" in env,
    )
    *argv, _ = stack_commands(directory).processes["gunicorn"].argv
    program = Program(
        name="gunicorn",
        argv=[*argv, app],
        log=directory / "gunicorn.log",
        cwd=ROOT,
        env={**env, "MUSTER_PORT": str(port)},
    )
    process = processes.spawn(program)
    try:
        wait_until(
            lambda: probes.probe(port, probe, tls=tls)[0] == 200,
            f"answer of {probe}",
            patience,
            problem=exit_of(process, program.log),
        )
        yield Gunicorn(process, port)
    finally:
        process.kill_group()  # how it stops is a claim of test_gunicorn, and takes its time


def end_at_once(stack: Stack) -> None:
    """Kill all that would take its time for an orderly end, but the servers: their shared memory
    would outlive them."""
    for name, process in stack.processes.items():
        if name not in ("postgres", "valkey"):
            process.kill_group()


def two_servers(port: int) -> Callable[[Path], Commands]:
    """A stack's commands, with a second gunicorn on that port. The two are named as in
    `SERVERS`.
    """

    def table(home: Path) -> Commands:
        usual = stack_commands(home)
        first = usual.processes[SERVERS[0]]
        second = replace(first, env={"MUSTER_PORT": str(port)})
        named = {SERVERS[0]: first, SERVERS[1]: second}
        return Commands(usual.migrate, {**named, **usual.processes})

    return table
