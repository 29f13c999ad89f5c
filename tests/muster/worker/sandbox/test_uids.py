import os
import subprocess
import threading

import pytest

from muster.protocol.attempt_key import AttemptKey
from muster.worker.sandbox.uids import (
    DEFAULT_UIDS,
    MAX_DAEMONS,
    NoIdentityLeft,
    UidAllocator,
    uids_for_daemon,
)
from tests.muster.worker.repositories import as_root, root, wait_until_gone

__all__ = ["root"]

FEW = range(66_990, 66_994)
TAKEN_BY_OTHERS = [
    pytest.param(range(66_000), id="accounts, systemd's homes and dynamic users, nobody"),
    pytest.param(range(100_000, 2**32), id="subordinate uids, systemd's containers"),
]


@pytest.mark.parametrize("others", TAKEN_BY_OTHERS)
def test_no_daemons_uids_belong_to_others(others):
    for number in range(MAX_DAEMONS):
        assert uids_for_daemon(number)[0] not in others
        assert uids_for_daemon(number)[-1] not in others


def test_every_daemon_of_a_host_has_a_thousand_uids_of_its_own():
    ranges = [uids_for_daemon(number) for number in range(MAX_DAEMONS)]
    assert ranges[0] == DEFAULT_UIDS == range(66_000, 67_000)
    assert len({uid for each in ranges for uid in each}) == MAX_DAEMONS * 1_000
    with pytest.raises(ValueError, match="not for 34"):
        uids_for_daemon(MAX_DAEMONS)


@as_root
def test_a_claim_out_of_another_range_holds_until_it_is_released(tmp_path):
    (tmp_path / "60007").symlink_to("7-1")
    identity = UidAllocator(tmp_path).claim(AttemptKey(7, 1))
    assert identity.uid == 60_007
    identity.release()
    assert list(tmp_path.iterdir()) == []


@as_root
def test_an_attempt_keeps_the_uid_it_claimed(tmp_path):
    first = UidAllocator(tmp_path).claim(AttemptKey(7, 1))
    assert UidAllocator(tmp_path).claim(AttemptKey(7, 1)) == first
    assert first.uid in range(66_000, 67_000)


@as_root
def test_to_look_for_a_uid_claims_none(tmp_path):
    identities = UidAllocator(tmp_path)
    assert identities.find_claimed(AttemptKey(7, 1)) is None
    assert list(tmp_path.iterdir()) == []
    assert identities.claim(AttemptKey(7, 1)) == identities.find_claimed(AttemptKey(7, 1))


@as_root
def test_two_live_attempts_never_share_a_uid(tmp_path):
    claimed = []
    threads = [
        threading.Thread(
            target=lambda n=n: claimed.append(UidAllocator(tmp_path, FEW).claim(AttemptKey(n, 1)))
        )
        for n in range(len(FEW))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {identity.uid for identity in claimed} == set(FEW)
    with pytest.raises(NoIdentityLeft):
        UidAllocator(tmp_path, FEW).claim(AttemptKey(99, 1))


@as_root
def test_a_released_uid_can_be_claimed_again(tmp_path):
    identities = UidAllocator(tmp_path, range(66_990, 66_991))
    identities.claim(AttemptKey(7, 1)).release()
    assert identities.claim(AttemptKey(8, 1)).uid == 66_990


@as_root
def test_a_uid_under_which_something_runs_is_not_given_out(tmp_path):
    uids = range(66_980, 66_982)
    with subprocess.Popen(["sleep", "60"], user=66_980, group=66_980) as sleeper:
        try:
            assert UidAllocator(tmp_path, uids).claim(AttemptKey(7, 1)).uid == 66_981
        finally:
            sleeper.kill()


@as_root
def test_releasing_a_uid_kills_what_hides_from_its_process_group(tmp_path):
    identity = UidAllocator(tmp_path, range(66_985, 66_986)).claim(AttemptKey(7, 1))
    hidden = subprocess.run(
        ["/bin/sh", "-c", "setsid sleep 60 > /dev/null 2>&1 & echo $!"],
        user=identity.uid,
        group=identity.uid,
        extra_groups=[],
        capture_output=True,
        text=True,
        check=True,
    )
    identity.release()
    wait_until_gone(int(hidden.stdout))
    assert list(tmp_path.iterdir()) == []


def test_without_root_there_are_no_identities(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert UidAllocator(tmp_path).claim(AttemptKey(7, 1)) is None
