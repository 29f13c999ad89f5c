"""Settings: where they come from, and what gunicorn and Celery make of them."""

import json
import runpy
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import current_app

import config
from app import job_names, jobs
from app.extensions import get_celery
from app.factory import QUEUES, create_app
from app.jobs.schedule import INTERVALS
from tests.conftest import SECRETS

ROOT = Path(__file__).parent.parent
ADDRESSES = {"DATABASE_URL": "postgresql://127.0.0.1:1/no", "REDIS_URL": "redis://127.0.0.1:1/0"}


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {**SECRETS, **ADDRESSES, "MUSTER_HOME": str(tmp_path)}


@pytest.mark.parametrize("name", [*config.SECRETS, *config.ADDRESSES])
@pytest.mark.parametrize("value", [None, ""], ids=["unset", "empty"])
def test_what_has_no_default_must_be_set(
    environ: dict[str, str], name: str, value: str | None
) -> None:
    environ.pop(name)
    if value is not None:
        environ[name] = value
    with pytest.raises(config.MissingSetting, match=name):
        config.load(environ)


def test_a_running_stack_leaves_its_settings_and_the_environment_wins(
    environ: dict[str, str], tmp_path: Path
) -> None:
    for name in ADDRESSES:
        environ.pop(name)
    left = {"DATABASE_URL": "postgres://stack/db", "REDIS_URL": "redis://stack"}
    (tmp_path / "services.json").write_text(json.dumps(left))
    assert config.load(environ)["REDIS_URL"] == "redis://stack"
    assert config.load(environ | {"REDIS_URL": "redis://mine"})["REDIS_URL"] == "redis://mine"


def test_by_default_a_machine_that_died_is_seen_to_be_dead_within_35_seconds(
    environ: dict[str, str],
) -> None:
    """As the benchmarks promise: its last sign is too old, and a sweep looks."""
    assert config.load(environ)["SILENCE_SECONDS"] + INTERVALS[job_names.SWEEP_MACHINES] <= 35


@pytest.mark.parametrize("content", ["", "{", "[]", "7", "null"])
def test_a_spoilt_file_of_a_stack_is_as_good_as_none(
    environ: dict[str, str], tmp_path: Path, content: str
) -> None:
    (tmp_path / "services.json").write_text(content)
    assert config.load(environ)["REDIS_URL"] == ADDRESSES["REDIS_URL"]


@pytest.mark.parametrize(
    ("url", "uri"),
    [
        ("postgres://u:p@h/d", "postgresql+psycopg2://u:p@h/d"),
        ("postgresql://h/d?host=/tmp", "postgresql+psycopg2://h/d?host=/tmp"),
        ("postgresql+psycopg2://h/d", "postgresql+psycopg2://h/d"),
    ],
)
def test_the_driver_is_named(url: str, uri: str) -> None:
    assert config.database_uri(url) == uri


def test_a_number_that_is_none_is_named(environ: dict[str, str]) -> None:
    with pytest.raises(config.MissingSetting, match="MUSTER_ACCESS_SECONDS"):
        config.load(environ | {"MUSTER_ACCESS_SECONDS": "soon"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "hunter2"),
        ("DATABASE_URL", "mysql://u:hunter2@host/db"),
        ("DATABASE_URL", "postgresql://u:hunter2/db"),
        ("REDIS_URL", "http://:hunter2@host"),
        ("REDIS_URL", "hunter2"),
    ],
)
def test_what_is_no_address_is_named_and_not_quoted(
    environ: dict[str, str], name: str, value: str
) -> None:
    config.check_addresses(config.load(environ))
    with pytest.raises(config.MissingSetting, match=name) as refused:
        config.check_addresses(config.load(environ | {name: value}))
    assert "hunter2" not in str(refused.value)


FLASK, CELERY = ("flask", "--app", "wsgi", "doctor"), ("celery", "-A", "celery_worker", "beat")


@pytest.mark.parametrize(
    ("command", "changes"),
    [
        (FLASK, {"SECRET_KEY": ""}),
        (FLASK, {"REDIS_URL": "http://host"}),
        (FLASK, {"JWT_SECRET_KEY": "weak"}),
        (CELERY, {"MUSTER_METRICS_TOKEN": "weak"}),
    ],
    ids=str,
)
def test_a_command_says_what_is_not_set_in_one_line(
    environ: dict[str, str], command: tuple[str, ...], changes: dict[str, str]
) -> None:
    argv = [sys.executable, "-m", *command]
    env = {"PATH": "/usr/bin:/bin", **environ, **changes}
    done = subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("!! settings: ")
    assert next(iter(changes)) in line


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"SECRET_KEY": "x" * 31}, "SECRET_KEY has 31 bytes; at least 32 are required"),
        ({"WORKER_JWT_SECRET_KEY": "changeme" * 8}, "WORKER_JWT_SECRET_KEY contains words"),
        ({"JWT_SECRET_KEY": SECRETS["SECRET_KEY"]}, "SECRET_KEY and JWT_SECRET_KEY are the same"),
        ({"ENCRYPTION_KEYS": "none"}, "number 1 of ENCRYPTION_KEYS isn't a Fernet key"),
        ({"MUSTER_METRICS_TOKEN": "short"}, "MUSTER_METRICS_TOKEN has 5 bytes"),
    ],
)
def test_a_weak_key_stops_the_start_and_says_how_to_make_one(
    environ: dict[str, str], changes: dict[str, str], message: str
) -> None:
    with pytest.raises(config.WeakKey) as refused:
        config.load(environ | changes)
    assert message in str(refused.value)
    assert "python -m app.embedded.keys" in str(refused.value)
    assert not any(key in str(refused.value) for key in changes.values())


def test_the_command_that_it_names_makes_what_is_taken(environ: dict[str, str]) -> None:
    argv = [sys.executable, "-m", "app.embedded.keys"]
    made = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    keys = dict(line.split("=", 1) for line in made.stdout.splitlines())
    assert set(keys) == set(config.SECRETS)
    old = {"ENCRYPTION_KEYS": f"{keys['ENCRYPTION_KEYS']}, {SECRETS['ENCRYPTION_KEYS']}"}
    assert config.load(environ | keys | old)["SECRET_KEY"] == keys["SECRET_KEY"]


def test_an_app_is_made_without_any_server(environ: dict[str, str]) -> None:
    app = create_app(config.load(environ | {"MUSTER_ACCESS_SECONDS": "60"}))
    assert app.config["JWT_ACCESS_TOKEN_EXPIRES"] == timedelta(minutes=1)


def test_every_job_is_registered_scheduled_and_goes_to_its_queue(environ: dict[str, str]) -> None:
    celery = get_celery(create_app(config.load(environ)))
    for name in jobs.JOBS:
        assert name in celery.tasks
        queue = celery.amqp.router.route({}, name)["queue"].name
        assert queue == name.partition(".")[0]
        assert queue in QUEUES
    assert {entry["task"] for entry in celery.conf.beat_schedule.values()} <= set(celery.tasks)


def test_a_job_runs_inside_an_app_context(environ: dict[str, str]) -> None:
    app = create_app(config.load(environ))

    def read() -> str:
        url: str = current_app.config["REDIS_URL"]
        return url

    assert get_celery(app).task(read, name="sweep.test")() == ADDRESSES["REDIS_URL"]


def gunicorn(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, **env: str) -> dict[str, Any]:
    for name in ("PORT", "BIND", "PROXY", "TLS_CERT", "TLS_KEY", "WEB_WORKERS"):
        monkeypatch.delenv(f"MUSTER_{name}", raising=False)
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "")  # so that it is put back afterwards
    monkeypatch.setenv("MUSTER_HOME", str(tmp_path))
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    for name in ("PGOPTIONS", "PROMETHEUS_MULTIPROC_DIR"):  # what it sets is not for later tests
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    return runpy.run_path(str(ROOT / "gunicorn.conf.py"))


TLS = {"MUSTER_TLS_CERT": "c", "MUSTER_TLS_KEY": "k"}


@pytest.mark.parametrize(
    ("env", "bind", "trusted"),
    [
        ({}, "127.0.0.1:9000", "127.0.0.1,::1"),
        ({"MUSTER_PORT": "9001"}, "127.0.0.1:9001", "127.0.0.1,::1"),
        (TLS, "0.0.0.0:9000", "127.0.0.1,::1"),
        ({**TLS, "MUSTER_BIND": "10.0.0.7"}, "10.0.0.7:9000", "127.0.0.1,::1"),
        ({"MUSTER_PROXY": "10.0.0.1"}, "0.0.0.0:9000", "10.0.0.1"),
        ({"MUSTER_PROXY": "127.0.0.1"}, "127.0.0.1:9000", "127.0.0.1"),
        ({"MUSTER_PROXY": "::1, 127.0.0.1"}, "127.0.0.1:9000", "::1,127.0.0.1"),
        ({"MUSTER_PROXY": "127.0.0.1, 10.0.0.1"}, "0.0.0.0:9000", "127.0.0.1,10.0.0.1"),
        ({**TLS, "MUSTER_PROXY": "127.0.0.1"}, "0.0.0.0:9000", "127.0.0.1"),
        ({"MUSTER_PROXY": "10.0.0.1", "MUSTER_BIND": "127.0.0.1"}, "127.0.0.1:9000", "10.0.0.1"),
    ],
)
def test_where_gunicorn_listens_and_whom_it_trusts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, env: dict[str, str], bind: str, trusted: str
) -> None:
    settings = gunicorn(monkeypatch, tmp_path, **env)
    assert (settings["bind"], settings["forwarded_allow_ips"]) == (bind, trusted)


@pytest.mark.parametrize(
    "env", [{"MUSTER_BIND": "0.0.0.0"}, {"MUSTER_TLS_CERT": "c"}, {"MUSTER_TLS_KEY": "k"}]
)
def test_plain_http_does_not_leave_the_machine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, env: dict[str, str]
) -> None:
    with pytest.raises(SystemExit, match="MUSTER_TLS_CERT"):
        gunicorn(monkeypatch, tmp_path, **env)


def test_gunicorn_knows_every_setting(environ: dict[str, str]) -> None:
    argv = [sys.executable, "-m", "gunicorn", "--print-config", "wsgi:app"]
    done = subprocess.run(
        argv,
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    shown = dict(line.split(" = ") for line in done.stdout.splitlines() if " = " in line)
    known = {name.strip(): value for name, value in shown.items()}
    assert (known["worker_connections"], known["control_socket_disable"]) == ("10000", "True")
