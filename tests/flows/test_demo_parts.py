"""The demo's parts, without a stack."""

import io
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from app.server_cli.local import paths
from app.server_cli.local.errors import OperateError
from app.server_cli.local.screen import BOLD, Screen
from app.server_cli.up import DETAILS
from demo import interpreter, up
from demo.play import AGENT, DESCRIPTION
from demo.repository import BASE, PACKAGE, Repository
from demo.task import Task
from packages import build

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives attempts uids")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "bare.git")
    made.fill()
    return made


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PACKAGE, tmp_path / "package"))


def run_agent(package: Path, instruction: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-B", str(AGENT), instruction]
    return subprocess.run(command, cwd=package, capture_output=True, text=True, check=False)


def passes(package: Path) -> bool:
    command = [sys.executable, "-B", "-m", "unittest"]
    return subprocess.run(command, cwd=package, capture_output=True, check=False).returncode == 0


def test_the_stand_in_says_what_it_is_and_repairs_the_package(package: Path) -> None:
    assert not passes(package)
    worked = run_agent(package, DESCRIPTION)
    assert worked.returncode == 0, worked.stdout + worked.stderr
    assert "scripted stand-in" in worked.stdout.splitlines()[0]
    assert DESCRIPTION in worked.stdout
    assert passes(package)
    assert "adds up all units" in (package / "CHANGELOG.md").read_text()


def test_the_stand_in_fails_where_there_is_nothing_to_repair(package: Path) -> None:
    run_agent(package, DESCRIPTION)
    assert run_agent(package, DESCRIPTION).returncode == 1


def test_the_repository_holds_a_package_whose_tests_fail(repository: Repository) -> None:
    assert "test_units_add_up" in (repository.failing_tests(BASE) or "")


def test_filling_again_changes_nothing_until_the_package_changes(
    repository: Repository, package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = commit(repository)
    repository.fill()
    assert commit(repository) == first
    (package / "README.md").write_text("anew\n")
    monkeypatch.setattr("demo.repository.PACKAGE", package)
    repository.fill()
    assert commit(repository, f"{BASE}^") == first


def commit(repository: Repository, revision: str = BASE) -> str:
    command = ["git", f"--git-dir={repository.path}", "rev-parse", revision]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_a_file_gets_no_escape_sequences_and_every_step_its_mark() -> None:
    screen = Screen(out := io.StringIO())
    screen.step("one")
    screen.step("two")
    screen.line(f"{BOLD}between{BOLD}")
    screen.step("three")
    screen.fail("because")
    assert out.getvalue() == "  ✓ one\n  ✓ two\nbetween\n  ✗ three\nbecause\n"


@pytest.mark.parametrize("text", ["0", "65536", "-1", "http", "9000.0"])
def test_what_is_no_port_is_refused(text: str) -> None:
    with pytest.raises(OperateError, match="MUSTER_PORT"):
        paths.stack_port(environ={"MUSTER_PORT": text})


def test_settings_have_defaults() -> None:
    assert paths.stack_port(environ={"MUSTER_PORT": ""}) == 9000
    assert paths.stack_home({}) == Path(".muster").absolute()


def test_what_to_try_next_can_be_pasted_into_a_shell() -> None:
    text = DETAILS.format(url="http://127.0.0.1:9000", repositories="/r", logs="/logs")
    commands = text.split("From a shell:")[1].split("The API")[0]
    assert '{"username": "admin", "password": "<password>"}' in commands
    assert subprocess.run(["bash", "-n", "-c", commands], check=False).returncode == 0


@pytest.fixture
def closed_home(tmp_path: Path) -> Iterator[Path]:
    home = tmp_path / "closed" / "home"
    home.mkdir(parents=True)
    home.parent.chmod(0o700)
    yield home
    with suppress(FileNotFoundError):
        shutil.rmtree((home / "machines").resolve())


@as_root
def test_machines_live_where_attempts_can_get_to(closed_home: Path) -> None:
    area = paths.machines_directory(closed_home)
    entered = subprocess.run(["ls", area], user=paths.UIDS[0], group=paths.UIDS[0], check=False)
    assert entered.returncode == 0
    assert paths.machines_directory(closed_home) == area
    assert closed_home not in area.parents


@as_root
def test_a_new_home_does_not_inherit_machines(closed_home: Path) -> None:
    area = paths.machines_directory(closed_home)
    (area / "1").mkdir()
    shutil.rmtree(closed_home)
    closed_home.mkdir()
    assert list(paths.machines_directory(closed_home).iterdir()) == []


@as_root
def test_machines_removed_from_elsewhere_get_a_new_place(closed_home: Path) -> None:
    shutil.rmtree(paths.machines_directory(closed_home))
    assert paths.machines_directory(closed_home).is_dir()


@as_root
def test_another_user_s_directory_is_not_used_for_machines(closed_home: Path) -> None:
    area = paths.machines_directory(closed_home)
    (closed_home / "machines").unlink()
    os.chown(area, 1, 1)
    with pytest.raises(OperateError, match="belongs to another user"):
        paths.machines_directory(closed_home)
    shutil.rmtree(area)


@as_root
def test_the_interpreter_is_one_that_attempts_can_run() -> None:
    command = [interpreter.find(), "-I", "-c", ""]
    ran = subprocess.run(command, cwd="/", user=paths.UIDS[0], group=paths.UIDS[0], check=False)
    assert ran.returncode == 0


def test_a_copy_of_the_interpreter_runs_tests_as_an_attempt(closed_home: Path) -> None:
    python = interpreter.copy(paths.machines_directory(closed_home))
    command = [python, "-I", "-m", "unittest", "--help"]
    who = {"user": paths.UIDS[0], "group": paths.UIDS[0]} if os.geteuid() == 0 else {}
    ran = subprocess.run(command, cwd="/", capture_output=True, check=False, **who)
    assert ran.returncode == 0
    assert interpreter.copy(paths.machines_directory(closed_home)) == python


def test_a_task_that_its_only_machine_gives_back_ends_the_demo_at_once() -> None:
    given_back = {"type": "requeued", "message": "local-1 couldn't start it: ERROR exec bash"}
    task: dict[str, object] = {"status": "queued", "suspendReason": None}
    answers = {"task": task, "events": {"items": [given_back]}}

    class Api:
        def get(self, path: str, **_query: object) -> dict[str, object]:
            return answers["events" if path.endswith("/events") else "task"]

    events = Task(stack=None, api=Api(), task_id=1).events()  # type: ignore[arg-type]
    assert next(events) == given_back
    with pytest.raises(OperateError, match=r"ERROR exec bash.*worker doctor"):
        next(events)


@pytest.mark.parametrize("is_packed", [True, False])
def test_up_packs_what_machines_install_and_goes_on_without_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_packed: bool
) -> None:
    wheel = tmp_path / "muster_client.whl"

    def pack(which: str) -> Path:
        assert which == build.CLIENT
        if not is_packed:
            raise build.BuildError("no hatchling")
        wheel.touch(0o600)
        return wheel

    monkeypatch.delenv("MUSTER_INSTALL", raising=False)
    monkeypatch.setattr(build, "build_wheel", pack)
    up._pack_for_machines(Screen(out := io.StringIO()))
    if is_packed:
        assert stat.S_IMODE(wheel.stat().st_mode) == 0o644
    else:
        assert "starting Muster without it: no hatchling" in out.getvalue()


def test_up_packs_nothing_if_another_directory_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSTER_INSTALL", "/elsewhere")
    monkeypatch.delattr(build, "build_wheel")
    up._pack_for_machines(Screen(out := io.StringIO()))
    assert out.getvalue() == ""
