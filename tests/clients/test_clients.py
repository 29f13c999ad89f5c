"""Clients that others' generators make of the document work: they sign in, make a task and read its
events, where a caller leaves out whatever may be left out.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from app.domain.roles import SystemRole
from tests.factories import PASSWORD, make_developer, make_project
from tests.gunicorns import gunicorn
from tests.needs import declare_needs
from tests.programs import find

HERE = Path(__file__).parent
PYTHON = HERE / ".venv" / "bin" / "python"
SECONDS = 150
TOLD = {
    "refused": "invalid_credentials",
    "by": "root",
    "status": "queued",
    "events": ["created"],
}


@pytest.fixture
def server(
    committed_app: Flask, environment: dict[str, str], tmp_path: Path
) -> Iterator[tuple[str, ...]]:
    """What the programs are told: where the server is, and who they are."""
    make_developer(name="root", role=SystemRole.ADMIN)
    make_project(key="WEB")
    given = {name: text for name, text in os.environ.items() if not name.startswith("MUSTER_")}
    url = committed_app.config["SQLALCHEMY_DATABASE_URI"]
    env = {**given, **environment, "DATABASE_URL": url, "MUSTER_WEB_WORKERS": "1"}
    home = tmp_path / "server"
    home.mkdir()
    with gunicorn(home, {**env, "MUSTER_HOME": str(home)}) as running:
        yield running.url, "root", PASSWORD


@pytest.fixture
def directory(committed_app: Flask, tmp_path: Path) -> Path:
    """With the document in it, and what npm has brought."""
    made = tmp_path / "client"
    made.mkdir()
    document = committed_app.test_client().get("/api/openapi.json").text
    (made / "openapi.json").write_text(document)
    (made / "package.json").write_text('{"type": "module"}')
    (made / "node_modules").symlink_to(HERE / "node_modules")
    shutil.copy(HERE / "tsconfig.json", made)
    return made


def run(directory: Path, *command: str | Path) -> str:
    """Its output. Fails, with all that was said, if it does."""
    done = subprocess.run(
        list(map(str, command)),
        cwd=directory,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
@declare_needs("node", "openapi-typescript", "openapi-ts")
def npm(directory: Path) -> Callable[..., str]:
    """Runs a program that npm has brought."""
    return lambda name, *words: run(directory, f"node_modules/.bin/{name}", *words)


def compiled(directory: Path, npm: Callable[..., str], program: str) -> Path:
    """The program, which TypeScript takes, strictly."""
    shutil.copy(HERE / program, directory / "program.ts")
    npm("tsc", "-p", ".")
    return directory / "program.js"


def test_openapi_typescript(
    server: tuple[str, ...], directory: Path, npm: Callable[..., str]
) -> None:
    npm("openapi-typescript", "openapi.json", "--output", "schema.d.ts")
    program = compiled(directory, npm, "openapi_typescript.ts")
    assert json.loads(run(directory, "node", program, *server)) == TOLD


def test_hey_api(server: tuple[str, ...], directory: Path, npm: Callable[..., str]) -> None:
    npm("openapi-ts", "--input", "openapi.json", "--output", "muster")
    program = compiled(directory, npm, "hey_api.ts")
    assert json.loads(run(directory, "node", program, *server)) == TOLD


@pytest.mark.needs("openapi-generator")
def test_openapi_generator(server: tuple[str, ...], directory: Path) -> None:
    words = ["--generator-name", "python", "--package-name", "muster_client", "--output", "muster"]
    output = run(
        directory,
        find("openapi-generator"),
        *("generate", "--input-spec", "openapi.json", *words),
    )
    assert "[error]" not in output.lower()
    run(directory, PYTHON, "-m", "compileall", "-q", "muster/muster_client")
    program = directory / "muster" / "program.py"
    shutil.copy(HERE / "openapi_generator.py", program)
    assert json.loads(run(directory, PYTHON, program, *server)) == TOLD
