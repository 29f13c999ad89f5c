"""The commands of a machine explain themselves."""

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from muster.protocol.frames import Hardware
from muster.worker.home_lock import HomeLock
from muster.worker.layout import Layout
from muster.worker.options.parser import parse_arguments
from muster.worker.server.credentials import Credentials, CredentialStore
from muster.worker.server.enrollment import Registration, enroll
from muster.worker.server.rest_client import RestClient
from tests.certificates import make, pem
from tests.muster.worker.fake_server import fake_server
from tests.muster.worker.repositories import root
from tests.muster.worker.worker_home import SOURCES

__all__ = ["root"]


def muster(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "muster", *arguments], cwd=SOURCES, capture_output=True, text=True
    )


@pytest.mark.parametrize("arguments", [[], ["help"], ["run"]])
def test_a_usage_error_lists_the_commands(arguments: list[str]) -> None:
    completed = muster(*arguments)
    assert (completed.returncode, completed.stdout) == (2, "")
    assert "python -m muster worker enroll | run | doctor | reset" in completed.stderr


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["worker", "--help"], ["worker", "run", "--help"], ["worker", "doctor", "--help"]],
)
def test_help_is_no_error(arguments: list[str]) -> None:
    completed = muster(*arguments)
    assert (completed.returncode, completed.stderr) == (0, "")
    assert "python -m muster worker" in completed.stdout


def test_a_machine_that_is_not_enrolled_gets_advice(root: Path) -> None:
    completed = muster("worker", "run", "--home", str(root / "home"))
    assert completed.returncode == 1
    assert "python -m muster worker enroll --server URL --token TOKEN" in completed.stderr


def set_server(home: Path, *more: str) -> subprocess.CompletedProcess[str]:
    server = "https://new.example:9000"
    return muster("worker", "set-server", "--home", str(home), "--server", server, *more)


def test_a_machine_looks_for_its_server_at_another_address(root: Path, tmp_path: Path) -> None:
    home = Layout(root / "home")
    assert "enroll first" in set_server(home.home).stderr
    home.make()
    store = CredentialStore(home.credentials)
    before = Credentials("https://old.example", "id", "m", 2, "jwt", 0.0, "secret")
    store.save(before)
    lock = HomeLock(home.home)
    refused = set_server(home.home)
    lock.close()
    assert (refused.returncode, store.load()) == (1, before)
    assert "another worker is running" in refused.stderr
    assert set_server(home.home).returncode == 0
    moved = msgspec.structs.replace(before, server="https://new.example:9000")
    assert store.load() == moved
    assert set_server(home.home, "--ca-file", str(tmp_path / "ca.pem")).returncode == 1
    (tmp_path / "ca.pem").write_text(pem(make("an authority")))
    for more in (["--ca-file", str(tmp_path / "ca.pem")], []):  # it stays
        assert set_server(home.home, *more).returncode == 0
        assert store.load().ca_file == str(tmp_path / "ca.pem")


@pytest.mark.parametrize("host", ["git@git.example", "git.example:22", "-o", "a/b", "", "a b"])
def test_a_host_for_own_keys_is_a_host_and_nothing_else(root: Path, host: str) -> None:
    completed = muster("worker", "run", "--home", str(root / "home"), f"--own-ssh-hosts={host}")
    assert completed.returncode == 2
    assert "a host without user or port" in completed.stderr


@pytest.mark.parametrize("label", ["gpu", "=true", "-a=b", "a=b c", "a=b=c", "g\u00fc=1", "a=b\n"])
def test_a_label_has_a_name_and_a_value_and_is_short(label: str) -> None:
    completed = muster("worker", "run", f"--label={label}")
    assert completed.returncode == 2
    assert "argument --label: name=value, each up to 63" in completed.stderr


def test_of_a_label_the_last_value_counts_and_there_is_a_bound() -> None:
    options = parse_arguments(
        ["run", "--label", "gpu=true", "--label=zone=", "--label", "gpu=false"]
    )
    assert options.settings.labels == {"gpu": "false", "zone": ""}
    with pytest.raises(SystemExit):
        parse_arguments(["run", *(f"--label=a{number}=b" for number in range(33))])


@pytest.mark.parametrize(
    ("option", "value", "complaint"),
    [
        ("--attempt-memory", "much", "a size of at least 16 MiB, such as 512M or 4G"),
        ("--attempt-disk", "1K", "a size of at least 16 MiB, such as 512M or 4G"),
        ("--attempt-processes", "1", "from 64 to"),
        ("--attempt-files", "0", "from 64 to"),
    ],
)
def test_a_limit_that_is_none_is_refused(option: str, value: str, complaint: str) -> None:
    completed = muster("worker", "run", option, value)
    assert completed.returncode == 2
    assert f"argument {option}: {complaint}" in completed.stderr


@pytest.mark.parametrize("verb", ["run", "doctor"])
def test_an_agents_file_that_says_nothing_usable_is_named(root: Path, verb: str) -> None:
    (root / "goose.toml").write_text('name = "goose"\n')
    completed = muster("worker", verb, "--home", str(root / "home"), "--agents", str(root))
    assert completed.returncode == 1
    assert f"{root}/goose.toml: Object missing required field `binary`" in completed.stderr


def reset(home: Path) -> subprocess.CompletedProcess[str]:
    return muster("worker", "reset", "--home", str(home))


def a_workers_home(root: Path) -> Path:
    layout = Layout(root / "home")
    layout.make()
    CredentialStore(layout.credentials).machine_id()
    return layout.home


def test_erasing_a_home_leaves_none_of_what_a_worker_made(root: Path) -> None:
    home = a_workers_home(root)
    (home / "attempts" / "7-1").mkdir()
    (home / "mirrors" / "a.git").mkdir()
    (home / "somebody's").write_text("stays")
    for _ in range(2):  # again, there is nothing left to do
        assert reset(home).returncode == 0
        assert [path.name for path in home.iterdir()] == ["somebody's"]


def test_the_server_is_notified_once_all_is_erased(root: Path) -> None:
    home = a_workers_home(root)
    with fake_server() as server:
        store = CredentialStore(Layout(home).credentials)
        about = Registration(store.machine_id(), "mst_enroll_x", "m", [], Hardware(), 2, "1")
        enroll(store, RestClient(server.url), about)
        completed = reset(home)
        assert completed.returncode == 0, completed.stderr
        assert server.requests[-1][0] == "/api/workers/uninstalled"
    assert list(home.iterdir()) == []


def test_what_a_daemon_runs_with_is_not_erased(root: Path) -> None:
    home = a_workers_home(root)
    lock = HomeLock(home)
    done = reset(home)
    lock.close()
    assert (done.returncode, (home / "credentials").is_dir()) == (1, True)
    assert "another worker is running" in done.stderr


def test_what_no_worker_made_is_not_erased(root: Path) -> None:
    (home := root / "srv").mkdir()
    for name in ("mirrors", "homes"):
        (home / name).mkdir()
        (home / name / "precious").write_text("others'")
    completed = reset(home)
    assert (completed.returncode, "isn't a worker's home" in completed.stderr) == (1, True)
    assert (home / "mirrors" / "precious").is_file()
    assert len(list(home.rglob("*"))) == 4


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives a home away")
def test_the_home_of_another_user_is_not_erased(root: Path) -> None:
    home = a_workers_home(root)
    os.chown(home, 12345, 12345)
    completed = reset(home)
    assert (completed.returncode, "another user" in completed.stderr) == (1, True)
    assert (home / "credentials" / "machine-id").is_file()


def test_erasing_makes_no_home(root: Path) -> None:
    assert reset(root / "nowhere").returncode == 0
    assert not (root / "nowhere").exists()
