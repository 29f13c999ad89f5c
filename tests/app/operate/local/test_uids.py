"""Both sides share the ids out alike, though neither imports the other."""

import pytest

from app.operate.local import uids
from muster.worker.room import identity


def test_there_are_ids_for_as_many_machines() -> None:
    assert uids.MOST_MACHINES == identity.DAEMONS


@pytest.mark.parametrize("number", [0, 1, uids.MOST_MACHINES - 1])
def test_a_machine_s_ids_are_those_that_its_worker_takes(number: int) -> None:
    assert uids.uids_of(number) == identity.uids_of(number)
