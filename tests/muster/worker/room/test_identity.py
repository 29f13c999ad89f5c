import os
import subprocess
import threading

import pytest

from muster.protocol.attempt_key import AttemptKey
from muster.worker.room.identity import Identities, NoIdentityLeft
from tests.muster.worker.repositories import as_root, root, wait_until_gone

__all__ = ["root"]

FEW = range(64_990, 64_994)


@as_root
def test_an_attempt_keeps_the_uid_it_claimed(tmp_path):
    first = Identities(tmp_path).claim(AttemptKey(7, 1))
    assert Identities(tmp_path).claim(AttemptKey(7, 1)) == first
    assert first.uid in range(60_000, 65_000)


@as_root
def test_two_live_attempts_never_share_a_uid(tmp_path):
    claimed = []
    threads = [
        threading.Thread(
            target=lambda n=n: claimed.append(Identities(tmp_path, FEW).claim(AttemptKey(n, 1)))
        )
        for n in range(len(FEW))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {identity.uid for identity in claimed} == set(FEW)
    with pytest.raises(NoIdentityLeft):
        Identities(tmp_path, FEW).claim(AttemptKey(99, 1))


@as_root
def test_a_released_uid_can_be_claimed_again(tmp_path):
    identities = Identities(tmp_path, range(64_990, 64_991))
    identities.claim(AttemptKey(7, 1)).release()
    assert identities.claim(AttemptKey(8, 1)).uid == 64_990


@as_root
def test_a_uid_under_which_something_runs_is_not_given_out(tmp_path):
    uids = range(64_980, 64_982)
    with subprocess.Popen(["sleep", "60"], user=64_980, group=64_980) as sleeper:
        try:
            assert Identities(tmp_path, uids).claim(AttemptKey(7, 1)).uid == 64_981
        finally:
            sleeper.kill()


@as_root
def test_releasing_a_uid_kills_what_hides_from_its_process_group(tmp_path):
    identity = Identities(tmp_path, range(64_985, 64_986)).claim(AttemptKey(7, 1))
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
    assert Identities(tmp_path).claim(AttemptKey(7, 1)) is None
