import subprocess
import threading
import time
from types import SimpleNamespace

import pytest

from muster.worker.git import conversation
from muster.worker.git.conversation import Conversation, Stalled


def converse(*argv: str) -> Conversation:
    pipe = subprocess.PIPE
    process = subprocess.Popen(argv, stdout=pipe, stderr=pipe, start_new_session=True)
    return Conversation(process, None, None)


def test_time_in_which_the_machine_is_frozen_is_no_stall(monkeypatch: pytest.MonkeyPatch) -> None:
    frozen = threading.Event()
    clock = SimpleNamespace(monotonic=lambda: time.monotonic() + 40.0 * frozen.is_set())
    monkeypatch.setattr(conversation, "time", clock)
    talk = converse("sh", "-c", "sleep 1")
    threading.Timer(0.3, frozen.set).start()
    try:
        assert talk.wait(time.monotonic() + 600, None, stall_seconds=20.0) == 0
    finally:
        talk.close()
    assert frozen.is_set()


def test_who_says_nothing_has_stalled() -> None:
    talk = converse("sleep", "60")
    try:
        with pytest.raises(Stalled):
            talk.wait(time.monotonic() + 60, None, stall_seconds=0.3)
    finally:
        talk.close()
