"""What an attempt can find out: its own, and the system's; nothing of others or of the daemon."""

import ctypes
import re
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from muster.worker.git.mirrors import Mirror
from muster.worker.git.remote import Remote
from tests.hostile.machine import CANARY, Attempt, Machine

SPY = "/usr/bin/python3 acts/spy.py"


@pytest.fixture
def other(machine: Machine) -> Attempt:
    """Somebody else's agent at work: secrets in its prompt, environment, terminal and files."""
    prompt, secret, printed = machine.secret(), machine.secret(), machine.secret()
    files = "; ".join(
        f"echo {machine.secret()} > {place}" for place in ("file", "~/file", "/tmp/file-$TOKEN")
    )
    command = f"bash -c 'echo {printed[:10]}\"{printed[10:]}\"; {files}; read line' agent"
    other = machine.attempt("bank")
    other.order(
        prompt, kind="agent", agent="custom", agent_command=command, secrets={"KEY": secret}
    )
    other.wait_for_output(printed)
    return other


@contextmanager
def planted(machine: Machine) -> Iterator[list[Path]]:
    """Secrets where a machine's people have theirs, and may have been careless about rights."""
    name = f"muster-hostile-{secrets.token_hex(4)}"
    places = [Path(place) / name for place in ("/home", "/tmp", "/var/tmp", "/dev/shm", "/srv")]
    try:
        for place in places:
            place.mkdir(mode=0o755)
            (place / "file").write_text(machine.secret())
        yield places
    finally:
        for place in places:
            (place / "file").unlink(missing_ok=True)
            place.rmdir()


def test_a_spy_finds_no_secret_of_others(machine: Machine, other: Attempt) -> None:
    layout = machine.home.layout
    with planted(machine) as places:
        own = [layout.home, layout.attempts, layout.credentials, layout.journal, layout.mirrors]
        theirs = [other.workspace, layout.attempt_home(other.key), layout.attempt(other.key)]
        known = [machine.root, machine.root / "operator", Path("/root"), Path("/run"), *places]
        walked = " ".join(map(str, [*own, *theirs, *known]))
        spy = machine.ran(
            f"cp acts/spy.py ~/spy.py; {SPY} {walked} /home /tmp /var/tmp /dev/shm /run /var"
        )
    assert b"the spy is through" in spy.log
    assert CANARY.encode() not in spy.log
    assert machine.leaked() == []


def test_a_mirror_of_another_project_is_not_to_be_found(machine: Machine, other: Attempt) -> None:
    mirror = Mirror(machine.home.layout, Remote.parse(machine.bank.url)).path
    spy = machine.ran(
        f"ls -d {mirror} {mirror.parent}/*; git -c safe.directory='*' --git-dir={mirror} show"
        f" main:ledger; git -c safe.directory='*' clone -q {mirror} ~/clone; cat ~/clone/*; true"
    )
    assert str(mirror).encode() not in spy.log.splitlines()
    assert CANARY.encode() not in spy.log


def test_the_remotes_of_other_projects_are_not_to_be_found(
    machine: Machine, other: Attempt
) -> None:
    spy = machine.ran(
        f"git -c safe.directory='*' clone -q file://{machine.bank.path} ~/clone\n"
        "cat ~/clone/*; true"
    )
    assert CANARY.encode() not in spy.log


def test_an_attempt_sees_its_own_processes_and_no_others(machine: Machine, other: Attempt) -> None:
    spy = machine.ran("for p in /proc/[0-9]*; do tr '\\0' ' ' < $p/cmdline; echo; done")
    assert b"spool" not in spy.log
    assert b"sshd" not in spy.log
    assert other.token.encode() not in spy.log
    assert b"tests/hostile" not in spy.log  # whoever runs these claims
    assert b"muster worker run" not in spy.log


def test_the_sockets_of_shims_are_out_of_reach(machine: Machine, other: Attempt) -> None:
    spy = machine.attempt()
    directories = [machine.home.layout.attempt(a.key) for a in (other, spy)]
    sockets = [socket for d in directories for socket in d.glob("*.sock")]
    assert sockets
    spy.run(
        "/usr/bin/python3 - <<'END'\nimport socket\n"
        f"for path in {[str(s) for s in sockets]!r}:\n"
        "    s = socket.socket(socket.AF_UNIX)\n"
        "    try:\n        s.connect(path); print('reached', path)\n"
        "    except OSError as error:\n        print('refused', error.errno)\nEND"
    )
    assert spy.log.count(b"refused") == len(sockets)


def test_abstract_sockets_of_the_host_are_out_of_reach(machine: Machine) -> None:
    """They have no rights: only a namespace or Landlock keeps one from them."""
    name = f"muster-hostile-{secrets.token_hex(4)}"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"\0{name}")
        listener.listen()
        spy = machine.ran(
            "/usr/bin/python3 - <<'END'\nimport socket\ns = socket.socket(socket.AF_UNIX)\n"
            f"try:\n    s.connect('\\0{name}'); print('reached')\n"
            "except OSError as error:\n    print('refused', error.errno)\nEND"
        )
    assert b"refused" in spy.log


def test_shared_memory_and_queues_of_the_host_are_not_there(machine: Machine) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    key = secrets.randbelow(1 << 30) + 1
    number = libc.shmget(key, 4096, 0o1666)
    assert number >= 0
    try:
        spy = machine.ran("cat /proc/sysvipc/shm; echo looked")
        assert b"looked" in spy.log
        assert f" {key} ".encode() not in spy.log
    finally:
        libc.shmctl(number, 0, None)


def test_a_stage_holds_nothing_open_but_its_terminal(machine: Machine) -> None:
    spy = machine.ran(
        "/usr/bin/python3 - 3<&- <<'END'\nimport os\nfor fd in os.listdir('/proc/self/fd'):\n"
        "    try:\n        print('fd', os.readlink(f'/proc/self/fd/{fd}'))\n"
        "    except OSError:\n        pass\nEND"
    )
    opened = {line for line in spy.log.splitlines() if line.startswith(b"fd ")}
    # The first is what this program is read from.
    assert {
        line
        for line in opened
        if not re.match(rb"fd (pipe|/tmp/sh-thd|/dev/pts/\d|/dev/tty|/dev/console)", line)
    } == set()


def test_terminals_of_others_are_out_of_reach(machine: Machine, other: Attempt) -> None:
    machine.ran(
        "for t in /dev/pts/[0-9]*; do [ $t = $(tty) ] || (echo typed > $t) && echo $t; done; true"
    )
    assert b"typed" not in other.log


def test_the_daemons_environment_and_home_are_not_to_be_found(machine: Machine) -> None:
    spy = machine.ran(
        f"env; ls -la {machine.root}/operator {machine.home.layout.home}; echo ~; true"
    )
    assert b"operator\r\n" not in spy.log.split(b"ls:")[0]
    assert b"credentials" not in spy.log.replace(b"cannot access", b"")


def test_the_kernels_own_windows_are_shut(machine: Machine) -> None:
    spy = machine.ran(
        "for f in /dev/kmsg /dev/mem /dev/vda /dev/sda /proc/kcore /proc/sysrq-trigger"
        " /sys/kernel/debug/tracing; do (head -c 1 $f >/dev/null) 2>/dev/null && echo opened $f;"
        " done; ls /dev; true"
    )
    assert b"opened" not in spy.log
    assert b"vda" not in spy.log
