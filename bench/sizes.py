"""A small and a big Muster: two databases of one PostgreSQL, each with its own gunicorn."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import make_url

import config
from app.embedded import Services, keys, processes, roles, start
from app.embedded.processes import Program
from bench.command import Print
from bench.errors import NotMeasured
from bench.session import Session
from tests import database_roles
from tests.gunicorns import Gunicorn, gunicorn

ROOT = Path(__file__).resolve().parents[1]
PASSWORD = "measured, and then thrown away"
_FLASK = (sys.executable, "-m", "flask", "--app", "wsgi")
_MIGRATE_SECONDS = 120.0
_PEOPLE = ("admin", "lead", "member", "hermit")


@dataclass(frozen=True)
class Size:
    """The numbers of rows that `flask seed` creates."""

    tasks: int
    events: int
    deep_task_events: int
    log_lines: int

    @property
    def options(self) -> list[str]:
        names = ("tasks", "events", "deep_task_events", "log_lines")
        return [f"--{name.replace('_', '-')}={getattr(self, name)}" for name in names]


@dataclass(frozen=True)
class Served:
    """A Muster on a database of some size. `made` is the output of `flask seed`.

    `tokens` are the access tokens of admin, lead, member and hermit.
    """

    name: str
    server: Gunicorn
    made: dict[str, Any]
    tokens: dict[str, str]


@dataclass
class Rig:
    """The services and settings of all servers; `stack` stops them."""

    home: Path
    services: Services
    env: dict[str, str]
    stack: ExitStack
    say: Print

    def serve(self, name: str, size: Size) -> Served:
        """Start a Muster on the database of that name, and fill the database if it's new."""
        env = self.env | {"DATABASE_URL": self._url(name)}
        made = self._filled(name, size, env)
        server = self._gunicorn(name, env)
        return Served(name, server, made, _tokens(server, made))

    def bare(self, beside: str) -> Gunicorn:
        """Start the bare app on the database of that name, with the same gunicorn settings."""
        env = self.env | {"DATABASE_URL": self._url(beside)}
        return self._gunicorn("bare", env, app="bench.bare:app")

    def _gunicorn(self, name: str, env: Mapping[str, str], **more: str) -> Gunicorn:
        self.say(f"starting gunicorn: {name}")
        directory = self.home / f"gunicorn-{name}"
        directory.mkdir(exist_ok=True)
        env = {**env, "MUSTER_HOME": str(directory)}
        return self.stack.enter_context(gunicorn(directory, env, **more))

    def _filled(self, name: str, size: Size, env: dict[str, str]) -> dict[str, Any]:
        known = self.home / f"{name}.json"
        wanted = [
            *size.options,
            *sorted(p.name for p in (ROOT / "migrations/versions").glob("*.py")),
        ]
        if known.exists() and (record := json.loads(known.read_text()))["of"] == wanted:
            self.say(f"{name}: reusing {size.tasks:,} tasks")
            return dict(record["made"])
        known.unlink(missing_ok=True)
        self._create(name)
        self.say(f"{name}: seeding {size.tasks:,} tasks and {size.events:,} events")
        self._run(env, "db", "upgrade")
        output = _seeded(env, size)
        self._execute(self._url(name), "VACUUM ANALYZE")  # as autovacuum would do within minutes
        made: dict[str, Any] = json.loads(output)
        known.write_text(json.dumps({"of": wanted, "made": made}))
        return made

    def _run(self, env: dict[str, str], *words: str) -> None:
        log = self.home / "logs" / f"flask-{words[0]}.log"
        program = Program(name=words[0], argv=[*_FLASK, *words], log=log, cwd=ROOT, env=env)
        processes.run_program(program, _MIGRATE_SECONDS)

    def _create(self, name: str) -> None:
        database = str(make_url(self.services.database_url).database)
        superuser = make_url(database_roles.admit(self.services)).set(database="postgres")
        url = superuser.render_as_string(hide_password=False)
        self._execute(url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        self._execute(url, f"CREATE DATABASE {name} TEMPLATE {database} OWNER {roles.APP}")

    def _execute(self, url: str, statement: str) -> None:
        uri = config.database_uri(url)
        engine = sa.create_engine(uri, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
        with engine.connect() as connection:
            connection.execute(sa.text(statement))

    def _url(self, name: str) -> str:
        url = make_url(self.services.database_url).set(database=name)
        return url.render_as_string(hide_password=False)


def _seeded(env: dict[str, str], size: Size) -> str:
    """Run `flask seed` and return its JSON about the rows. Its progress goes to the terminal."""
    argv = [*_FLASK, "seed", "--json", f"--password={PASSWORD}", *size.options]
    done = subprocess.run(argv, stdout=subprocess.PIPE, text=True, env=env, cwd=ROOT)
    if done.returncode != 0:
        raise NotMeasured(f"flask seed failed: {done.stdout[-500:]}")
    return done.stdout.strip().splitlines()[-1]


def _tokens(server: Gunicorn, made: Mapping[str, Any]) -> dict[str, str]:
    session, found = Session(server.port), {}
    for who in _PEOPLE:
        body = {"username": made[who], "password": PASSWORD}
        found[who] = session.post("/api/auth/login", body)["accessToken"]
    session.close()
    return found


@contextmanager
def running_rig(say: Print, directory: Path | None) -> Iterator[Rig]:
    """Start PostgreSQL and Valkey in a persistent directory, or (None) in a temporary one.

    fsync is off: no measured request writes.
    """
    with ExitStack() as stack:
        made = directory or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="muster-bench-"))
        )
        home = made.resolve()
        home.mkdir(parents=True, exist_ok=True)
        home.chmod(0o755)  # PostgreSQL's own user needs access
        say(f"starting PostgreSQL and Valkey in {home}")
        services = stack.enter_context(start(home, env={"MUSTER_EMBEDDED_FSYNC": "off"}))
        env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("MUSTER_")},
            **keys.load(home / "secrets.json"),
            "DATABASE_URL": services.database_url,
            "REDIS_URL": services.redis_url,
            "MUSTER_HOME": str(home),
            "MUSTER_ACCESS_SECONDS": "86400",
        }
        yield Rig(home, services, env, stack, say)
        say("stopping every process")
