"""Whoever gets the user id next finds nothing of whoever had it before."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hostile.machine import CANARY, Machine
from tests.hostile.service import in_service
from tests.hostile.users import User, three_uids
from tests.muster.worker import uids

PLACES = "/tmp /var/tmp /dev/shm ~ /run /var/lock"


@pytest.fixture
def narrow(user: User) -> Iterator[Machine]:
    """A machine that has one user id to give, beside those that the daemon itself takes."""
    with in_service(user, *uids.option(three_uids()), slots=1) as made:
        yield made


def test_the_next_with_the_same_user_id_finds_nothing(narrow: Machine) -> None:
    first = narrow.attempt("bank")
    secret = narrow.secret()
    first.run(f"for p in {PLACES}; do echo {secret} > $p/left-{first.token}; done; umask; id -u")
    first.forget()
    second = narrow.attempt()
    second.run(
        f"id -u; cat /dev/null $(find {PLACES} -type f -user $(id -u) 2>/dev/null); echo searched"
    )
    assert first.log.split()[-1] == second.log.split()[0]
    assert b"searched" in second.log
    assert CANARY.encode() not in second.log


def test_what_it_left_on_the_machine_is_gone(narrow: Machine) -> None:
    """As the machine's people see it, not as the next attempt does."""
    first = narrow.attempt()
    first.run("for p in /tmp /var/tmp /dev/shm; do echo x > $p/left-$TOKEN; done")
    first.forget()
    left = [
        p for d in ("/tmp", "/var/tmp", "/dev/shm") for p in Path(d).glob(f"left-{first.token}")
    ]
    for path in left:
        path.unlink()
    assert left == []


def test_a_trap_in_the_next_ones_way_is_not_there(narrow: Machine) -> None:
    """In names that can be guessed: sockets of tmux, caches of compilers, ssh's agents."""
    first = narrow.attempt()
    first.run("mkdir -m 700 /tmp/tmux-$(id -u); ln -s ~/.ssh /tmp/.X11-unix-trap; echo set")
    first.forget()
    second = narrow.attempt()
    second.run('traps="/tmp/tmux-$(id -u) /tmp/.X11-unix-trap"; ls -d $traps; rm -rf $traps; true')
    assert second.log.count(b"No such file") == 2
