"""A machine that is not heard ends what runs on it, whatever that does to stay."""

from collections.abc import Iterator

import pytest

from tests.hostile.machine import Machine
from tests.hostile.service import in_service
from tests.hostile.users import User
from tests.muster.worker.repositories import wait_for

LEASE = 3.0


@pytest.fixture
def unheard(user: User) -> Iterator[Machine]:
    """A machine with a short lease."""
    with in_service(user, lease=LEASE) as made:
        yield made


LEFT = {
    "daemons": "for n in $(seq 5); do sh acts/leave.sh $TOKEN; done",
    "chains": "/usr/bin/python3 acts/chain.py $TOKEN",
}


@pytest.mark.parametrize("killed", [False, True], ids=["daemon-lives", "daemon-killed"])
@pytest.mark.parametrize("leave", LEFT.values(), ids=LEFT)
def test_nothing_is_alive_when_the_lease_is_over(
    unheard: Machine, leave: str, killed: bool
) -> None:
    attempt = unheard.attempt()
    attempt.order(f"trap '' TERM HUP; {leave}; echo left; while :; do sleep 1; done")
    attempt.wait_for_output("left")
    if killed:
        unheard.home.kill()
    else:
        unheard.server.beats = False
    wait_for(lambda: not attempt.living, limit=LEASE + 25)
    unheard.server.beats = True
    if killed:
        unheard.home.spawn()
    assert attempt.ended().body.how == "lease"
    assert attempt.living == []
    attempt.forget()
    assert unheard.is_in_service()
