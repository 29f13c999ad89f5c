"""Sandboxes of this machine: their contents, their users, and their complete end."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import SandboxLevel
from muster.worker import processes
from muster.worker.git import git
from muster.worker.layout import Layout
from muster.worker.sandbox.detection import detect
from muster.worker.sandbox.mounts import SandboxDirectory
from muster.worker.sandbox.sandbox import Sandbox
from muster.worker.sandbox.sandboxes import Sandboxes
from muster.worker.sandbox.uids import Identity, UidAllocator
from tests.muster.worker.repositories import (
    Machine,
    Repository,
    machine,
    repository,
    root,
    wait_for,
)
from tests.muster.worker.shared_directory import make_shared

__all__ = ["machine", "repository", "root"]

KEY = AttemptKey(7, 1)


@pytest.fixture
def layout(root: Path) -> Layout:
    layout = Layout(root / "home")
    layout.make()
    return layout


def make_sandbox(rooms: Sandboxes) -> Sandbox:
    """Return the sandbox of an attempt with existing directories."""
    layout = rooms.layout
    identity = UidAllocator(layout.identities).claim(KEY)
    for path in (layout.workspace(KEY), layout.attempt_home(KEY), layout.attempt(KEY)):
        path.mkdir()
    if identity:
        identity.chown(layout.workspace(KEY))
        identity.chown(layout.attempt_home(KEY))
    return rooms.for_attempt(KEY, identity, layout.mirrors)


def output_of(room: Sandbox, script: str, **more: object) -> str:
    """Return the output of a shell in the sandbox."""
    done = subprocess.run(
        room.command("sh", "-c", script, **more),  # type: ignore[arg-type]
        cwd="/",
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def sandbox(layout: Layout) -> Sandbox:
    rooms = detect(layout)
    assert rooms.level == "full", rooms.missing
    return make_sandbox(rooms)


@pytest.mark.parametrize("level", ["full", "processes", "none"])
def test_nothing_contains_an_ordinary_user_without_a_sandbox(
    level: SandboxLevel, sandbox: Sandbox
) -> None:
    here = replace(sandbox, level=level, mounts=None)
    assert replace(here, identity=Identity(66_000, here.host_home)).is_contained
    assert replace(here, identity=None).is_contained == (level != "none")


def test_a_sandbox_has_an_account_and_no_rights(sandbox: Sandbox) -> None:
    who = output_of(sandbox, "whoami; id -un; id -gn; awk '/^CapEff/ {print $2}' /proc/self/status")
    assert who.split() == ["muster", "muster", "muster", "0000000000000000"]
    assert output_of(sandbox, "getent passwd muster | cut -d: -f6") == "/home/muster"


def test_what_it_may_write_is_its_own(sandbox: Sandbox) -> None:
    places = "/workspace /home/muster /tmp /var/tmp /dev/shm"
    assert (
        output_of(sandbox, f"for p in {places}; do echo x > $p/x && cat $p/x; done").split()
        == ["x"] * 5
    )
    closed = "/ /usr /etc /dev /run /run/muster /run/muster/lib/muster /sys/fs/cgroup"
    script = f"for p in {closed}; do test -w $p && touch $p/x 2>/dev/null && echo $p; done; true"
    assert output_of(sandbox, script) == ""


def test_of_others_nothing_is_there(sandbox: Sandbox, layout: Layout) -> None:
    (layout.credentials / "jwt").write_text("secret")
    home, user = layout.home, Path.home()
    for path in (layout.credentials, layout.journal, layout.attempts, layout.workspaces, user):
        assert output_of(sandbox, f"ls -A {path} 2>/dev/null; true") == "", path
    assert output_of(sandbox, f"ls {home}") == "mirrors", "and of the mirrors what it was given"


def test_its_processes_are_its_own_and_end_with_the_first(sandbox: Sandbox) -> None:
    assert output_of(sandbox, "ls -d /proc/[0-9]* | wc -l") in ("2", "3", "4")
    mark = f"{os.getpid()}9.5"
    output_of(sandbox, f"for i in 1 2 3; do setsid sleep {mark} >/dev/null 2>&1 & done; echo up")
    assert processes.find_by_arguments("sleep", mark) == []


def test_the_end_of_the_command_is_the_end_of_all(sandbox: Sandbox) -> None:
    """Everything it forked is gone when the command that created the sandbox has exited."""
    mark = f"{os.getpid()}8.5"
    chain = f"while :; do (setsid sh -c 'sleep {mark} & exit' &); done"
    output_of(sandbox, f"for i in 1 2 3; do ({chain}) >/dev/null 2>&1 & done; sleep 0.3")
    assert processes.find_by_arguments("sleep", mark) == []


def test_a_git_that_is_cancelled_leaves_nothing(machine: Machine, repository: Repository) -> None:
    workspace = machine.prepare(repository)
    mark = f"{os.getpid()}7.5"
    flag = make_shared(machine.layout) / "flag"
    flag.touch()
    flag.chmod(0o666)
    script = f"(setsid sleep {mark} >/dev/null 2>&1 &); echo up > {flag}; sleep {mark}"

    class Up:
        def is_set(self) -> bool:
            return bool(flag.read_text())

    with pytest.raises(git.GitCancelled):
        workspace.run_script(script, {}, 30.0, Up())
    assert processes.find_by_arguments("sleep", mark) == []


def test_a_sandbox_without_network_has_a_loopback_and_no_other(sandbox: Sandbox) -> None:
    devices = "grep -o '^ *[a-z0-9]*:' /proc/net/dev | tr -d ' '"
    assert output_of(sandbox, devices) == "lo:"
    assert output_of(sandbox, f"{devices} | wc -l", open_network=True) == str(
        len(Path("/proc/net/dev").read_text().splitlines()) - 2
    )


def test_the_operators_directories_are_seen_as_far_as_they_say(layout: Layout) -> None:
    root = layout.home.parent
    for name in ("cache", "tools"):
        (root / name).mkdir()
        (root / name).chmod(0o777)
    shown = [SandboxDirectory(root / "cache", writable=True), SandboxDirectory(root / "tools")]
    room = make_sandbox(detect(layout, directories=shown))
    script = f"touch {root}/cache/x; touch {root}/tools/x 2>/dev/null || echo closed"
    assert output_of(room, script) == "closed"
    assert (root / "cache" / "x").exists()


def test_the_workers_home_is_covered_in_a_directory_that_is_shown(layout: Layout) -> None:
    (layout.credentials / "jwt").write_text("secret")
    room = make_sandbox(detect(layout, directories=[SandboxDirectory(layout.home.parent)]))
    assert output_of(room, f"ls {layout.home}") == "mirrors"


def test_the_interpreter_and_the_package_are_there(sandbox: Sandbox) -> None:
    python = "/run/muster/python/bin/python3 -I -S -c"
    script = "import sys; sys.path.append('/run/muster/lib'); import muster.protocol; print('here')"
    assert output_of(sandbox, f'{python} "{script}"') == "here"


@pytest.mark.parametrize("most", ["processes", "none"])
def test_with_less_a_command_still_has_the_attempts_rights(layout: Layout, most: str) -> None:
    rooms = detect(layout, most=most)  # type: ignore[arg-type]
    assert rooms.level == most
    room = make_sandbox(rooms)
    assert room.workspace == str(layout.workspace(KEY))
    assert output_of(room, "id -u") == str(room.uid if room.uid is not None else os.getuid())


def test_processes_end_with_the_first_also_without_mounts(layout: Layout) -> None:
    room, mark = make_sandbox(detect(layout, most="processes")), f"{os.getpid()}6.5"
    output_of(room, f"(setsid sleep {mark} >/dev/null 2>&1 &); echo up")
    assert processes.find_by_arguments("sleep", mark) == []


def test_a_sandbox_dies_with_its_creator(sandbox: Sandbox) -> None:
    mark = f"{os.getpid()}5.5"
    script = "import subprocess, sys; subprocess.run(sys.argv[1:])"
    argv = sandbox.command("sh", "-c", f"setsid sleep {mark} & sleep {mark}")
    maker = subprocess.Popen([sys.executable, "-c", script, *argv], cwd="/")
    wait_for(lambda: len(processes.find_by_arguments("sleep", mark)) == 2)
    maker.kill()
    maker.wait()
    wait_for(lambda: not processes.find_by_arguments("sleep", mark))


def test_what_checks_beside_a_sandbox_sees_programs_and_what_it_checks_alone(
    layout: Layout,
) -> None:
    root = layout.home.parent
    (root / "tools").mkdir()
    (root / "tools").chmod(0o755)
    (layout.credentials / "jwt").write_text("secret")
    directory = layout.mirrors / "1.git"
    (directory / "part").mkdir(parents=True)
    checker = UidAllocator(layout.identities).claim_named("work")
    if checker:
        checker.chown(directory / "part")
    rooms = detect(
        layout, directories=[SandboxDirectory(root / "tools"), SandboxDirectory(layout.home)]
    )
    room = make_sandbox(replace(rooms, checker=checker))
    script = (
        f"id -u; touch part/new && ls part; touch other 2>/dev/null || echo closed; "
        f"ls -d {root}/tools; ls {layout.home}; ls {layout.workspace(KEY)} 2>/dev/null || echo none"
    )
    done = subprocess.run(
        room.checker_command("sh", "-c", script, directory=directory, writable="part"),
        cwd=directory,
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    uid = checker.uid if checker else os.getuid()
    assert done.stdout.split() == [str(uid), "new", "closed", f"{root}/tools", "none"]


def test_a_machine_that_cannot_check_what_comes_out_of_sandboxes_says_so(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    rooms = detect(layout)
    assert rooms.find_problem() is None
    monkeypatch.setattr(
        Sandbox, "checker_command", lambda *_, **__: ["sh", "-c", "echo no git >&2; exit 1"]
    )
    assert rooms.find_problem() == "can't check commits: no git"
