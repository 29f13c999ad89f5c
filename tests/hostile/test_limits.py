"""Who takes more of a machine than its part is ended, told why, and costs nobody else anything."""

from collections.abc import Iterator

import pytest

from muster.protocol.frames import Failed, StageFinished
from tests.hostile.machine import Machine
from tests.hostile.service import in_service
from tests.hostile.users import User


@pytest.fixture(scope="module")
def shared_machine(user: User) -> Iterator[Machine]:
    memory, disk = ["--attempt-memory", "512M"], ["--attempt-disk", "128M"]
    numbers = ["--attempt-processes", "200", "--attempt-files", "512"]
    # A part of the processors is nobody's: a bomb slows a daemon down until it is ended.
    with in_service(user, *memory, *disk, *numbers, heartbeat=2.0) as made:
        yield made


CODES = {
    "memory": "memory_exceeded",
    "shared": "memory_exceeded",
    "processes": "processes_exceeded",
    "bomb": "processes_exceeded",
    "threads": "processes_exceeded",
    "disk": "disk_exceeded",
    "inodes": "disk_exceeded",
    "depth": "disk_exceeded",
}


@pytest.mark.parametrize("kind", CODES)
def test_who_takes_too_much_is_ended_and_told_why(machine: Machine, kind: str) -> None:
    attempt = machine.attempt()
    attempt.order(f"/usr/bin/python3 acts/devour.py {kind}; sleep 60")
    attempt.wait_for_output("devouring")
    assert machine.is_in_service()  # while it does
    sight = machine.server.wait_until_seen(attempt.key, Failed, StageFinished, limit=45)
    assert isinstance(sight.body, Failed)
    assert (sight.body.code, sight.alive) == (CODES[kind], [])


@pytest.mark.parametrize("kind", ["scratch", "files"])
def test_what_is_full_is_told_to_the_program(machine: Machine, kind: str) -> None:
    attempt = machine.attempt()
    attempt.order(f"/usr/bin/python3 acts/devour.py {kind}; echo and so on")
    machine.server.wait_until_seen(attempt.key, Failed, StageFinished, limit=60)
    assert b"told" in attempt.log or attempt.alive_when(Failed) == []


def test_who_stays_within_is_left_alone(machine: Machine) -> None:
    attempt = machine.attempt()
    ended = attempt.run(
        "/usr/bin/python3 -c 'x = bytearray(200 << 20)'; head -c 60M /dev/zero > big; rm big;"
        " for n in $(seq 100); do sleep 0.5 & done; wait; echo kept within"
    )
    assert ended.code == 0
    assert b"kept within" in attempt.log


WHO = "GIT_{AUTHOR,COMMITTER}_NAME=a GIT_{AUTHOR,COMMITTER}_EMAIL=a@example.com"
COMMITTED = {
    "large": (
        "blob=$(head -c 300M /dev/zero | git hash-object -w --stdin)\n"
        "tree=$(printf '100644 blob %s\\tz\\n' $blob | git mktree)\n"
        "git reset --soft $(git commit-tree -p HEAD -m z $tree); echo x > x",
        "work_too_large",
    ),
    "pipe": ("mkfifo .git/objects/pack/pack-x.bitmap; echo x > x", "work_unreadable"),
}


@pytest.mark.parametrize("kind", COMMITTED)
def test_work_that_cannot_be_taken_fails_its_stage_and_keeps_its_workspace(
    machine: Machine, kind: str
) -> None:
    script, code = COMMITTED[kind]
    attempt = machine.attempt()
    attempt.order(f"export {WHO}\n{script}")
    with machine.passing() as other:  # of the same repository
        assert other.run("echo more > more").code == 0
        assert other.checkpoint()
    sight = machine.server.wait_until_seen(attempt.key, Failed, StageFinished, limit=45)
    assert isinstance(sight.body, Failed)
    assert (sight.body.code, sight.alive) == (code, [])
    assert attempt.workspace.is_dir()
    assert not machine.shop.git("for-each-ref", f"refs/muster/{attempt.key.task_id}")
