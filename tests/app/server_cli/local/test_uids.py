"""Both sides share the ids out alike, though neither imports the other."""

import pytest

from app.server_cli.local import uids
from muster.worker.sandbox import uids as worker_uids


def test_there_are_ids_for_as_many_machines() -> None:
    assert uids.MAX_MACHINES == worker_uids.MAX_DAEMONS


@pytest.mark.parametrize("number", [0, 1, uids.MAX_MACHINES - 1])
def test_a_machine_s_ids_are_those_that_its_worker_takes(number: int) -> None:
    assert uids.machine_uids(number) == worker_uids.uids_for_daemon(number)
