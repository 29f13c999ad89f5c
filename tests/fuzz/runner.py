"""A server to fuzz, and Schemathesis against it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from app.extensions import db
from tests.conftest import make_app
from tests.fuzz import world
from tests.gunicorns import ROOT, Gunicorn, gunicorn

CONFIG = Path(__file__).with_name("schemathesis.toml")
# Nobody is kept from logging in.
UNLIMITED = {
    "MUSTER_LOGIN_FAILURES": "1000000",
    "MUSTER_LOGIN_FAILURES_PER_NAME": "1000000",
    "MUSTER_LOGIN_FAILURES_PER_ADDRESS": "1000000",
    "MUSTER_REQUESTS_PER_MINUTE": "10000000",
}


class Run(NamedTuple):
    """What Schemathesis said, and whether it is content."""

    output: str
    is_clean: bool


class Fuzzed:
    """A furnished server."""

    def __init__(self, server: Gunicorn, env: Mapping[str, str], tokens: Mapping[str, str]) -> None:
        self.server, self.env, self.tokens = server, env, tokens

    def fuzz(self, actor: str, *options: str, seconds: float) -> Run:
        """Schemathesis with the actor's credentials; on a slow machine only a part of it."""
        known = {"MUSTER_FUZZ_ACTOR": actor, "MUSTER_FUZZ_TOKENS": json.dumps(self.tokens)}
        command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG), "run"]
        process = subprocess.Popen(
            [*command, f"{self.server.url}/api/openapi.json", *options],
            env={**self.env, **known, "PYTHONPATH": str(ROOT)},
            cwd=ROOT,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        with process:
            try:
                output, _ = process.communicate(timeout=seconds)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGINT)
                output, _ = process.communicate()
                bad = [word for word in ("= FAILURES =", "= ERRORS =") if word in output]
                # It says that it was interrupted, or was just through.
                is_told = "interrupted" in output or "= SUMMARY =" in output
                return Run(output, is_told and not bad)
        return Run(output, process.returncode == 0)


@contextmanager
def fuzzed(directory: Path, environment: Mapping[str, str]) -> Iterator[Fuzzed]:
    env = {
        "PATH": os.environ["PATH"],
        **environment,
        **UNLIMITED,
        "MUSTER_ORIGINS": world.PAGE,
        "MUSTER_HOME": str(directory),
        "MUSTER_WEB_WORKERS": "1",
    }
    with make_app(env).app_context():
        tokens = world.furnish()
        db.session.remove()
        db.engine.dispose()
    with gunicorn(directory, env) as server:
        yield Fuzzed(server, env, tokens)
