"""A terminal finds its attempt's shim, notices that it is gone, and finds the next one."""

import base64
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from muster.worker.shim.terminal_link import MAX_CHUNKS
from tests.muster.worker.shim_stages import Stages
from tests.muster.worker.terminals.shim_end import ShimEnd


@pytest.fixture
def end(attempt: Path) -> Iterator[ShimEnd]:
    made = ShimEnd(attempt)
    yield made
    made.close()


def test_a_request_finds_the_shim_and_is_answered(stages: Stages, end: ShimEnd) -> None:
    stages.start("sleep", "100")
    assert end.connection.request(lambda line: line.resize(90, 20))
    assert end.changes == [True]
    end.wait_for(lambda: any("id" in message for message in end.messages))


def test_one_that_was_not_there_is_looked_for_only_when_told_to(
    end: ShimEnd, start: Callable[..., Stages]
) -> None:
    assert not end.connection.request(lambda line: line.resize(90, 20))
    stages = start()
    assert not end.connection.request(lambda line: line.resize(90, 20))
    end.connection.retry_connect()
    assert end.connection.request(lambda line: line.resize(90, 20))
    stages.shim.quit()


def test_a_lost_shim_is_reported_and_the_next_one_is_found(
    end: ShimEnd, start: Callable[..., Stages]
) -> None:
    stages = start()
    end.connection.request(lambda line: line.resize(90, 20))
    os.kill(stages.shim.fetch_state().pid, signal.SIGKILL)
    end.wait_for(lambda: not end.connection.is_connected)
    start()
    assert end.connection.request(lambda line: line.resize(90, 20))
    assert end.changes == [True, False, True]


def test_who_listens_hears_what_is_printed_at_once(stages: Stages, end: ShimEnd) -> None:
    stages.start("sh", "-c", "stty -echo; echo up; read line; printf $line; read line")
    stages.wait_for(b"up\r\n")
    end.connection.listen(0)
    end.connection.request(lambda line: line.resize(90, 20))
    end.wait_for(lambda: any("id" in message for message in end.messages))
    assert not any("log" in message for message in end.messages), "it was only found by that"
    end.connection.listen(4)
    stages.shim.send_input(b"word\n")
    end.wait_for(lambda: any("bytes" in message for message in end.messages))
    output_message = next(message for message in end.messages if "bytes" in message)
    assert (base64.b64decode(output_message["bytes"]), output_message["log"]) == (b"word", 8)


def test_who_listens_on_never_runs_out_of_pieces(stages: Stages, end: ShimEnd) -> None:
    stages.start("sh", "-c", "stty raw -echo; printf up; exec cat")
    stages.wait_for(b"up")
    end.connection.listen(2)
    end.connection.listen(2)
    for printed in range(3, 2 * MAX_CHUNKS + 3):
        stages.shim.send_input(b"x")
        end.wait_for(lambda printed=printed: printed in ends_of(end))
        end.connection.renew_listen(printed)


def ends_of(end: ShimEnd) -> list[int]:
    """Return the log ends in the notices that came with their bytes."""
    return [message["log"] for message in end.messages if "bytes" in message]
