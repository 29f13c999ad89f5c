import os
import time
from pathlib import Path

from muster.protocol.attempt_key import AttemptKey
from muster.worker.server.log_stream import LogStream, LogStreams
from muster.worker.shim.spool import SpoolChunk, SpoolWriter


def in_flight(*sizes: int) -> LogStream:
    stream = LogStream(AttemptKey(7, 1), Path("/nowhere"))
    for size in sizes:
        stream.mark_sent(SpoolChunk(stream.position, 0, 0, b"x" * size))
    return stream


def test_what_is_acked_is_no_longer_in_flight() -> None:
    stream = in_flight(10, 20, 30)
    stream.ack(30)
    assert (stream.in_flight, stream.position) == (30, 60)


def test_half_a_frame_acked_is_a_frame_in_flight() -> None:
    stream = in_flight(10, 20)
    stream.ack(15)
    assert stream.in_flight == 20


def test_a_complaint_makes_the_stream_go_back_with_an_empty_window() -> None:
    stream = in_flight(10, 20, 30)
    stream.rewind(10, now=100.0)
    assert (stream.position, stream.in_flight) == (10, 0)


def test_the_echoes_of_a_complaint_change_nothing() -> None:
    stream = in_flight(10, 20, 30)
    stream.rewind(10, now=100.0)
    stream.mark_sent(SpoolChunk(10, 0, 0, b"x" * 20))
    stream.rewind(10, now=100.1)
    assert stream.position == 30


def test_a_gap_that_stays_is_reported_again_after_a_short_time() -> None:
    stream = in_flight(10, 20, 30)
    stream.rewind(10, now=100.0)
    stream.mark_sent(SpoolChunk(10, 0, 0, b"x" * 20))
    stream.rewind(10, now=100.1)
    due = stream.retry(100.1)
    assert due is not None
    assert stream.position == 30
    assert stream.retry(due) is None
    assert stream.position == 10


def test_a_complaint_that_was_settled_is_not_heard_again() -> None:
    stream = in_flight(10, 20, 30)
    stream.rewind(10, now=100.0)
    stream.mark_sent(SpoolChunk(10, 0, 0, b"x" * 20))
    stream.rewind(10, now=100.1)
    stream.ack(30)
    assert stream.retry(200.0) is None
    assert stream.position == 30


def streams(*task_ids: int) -> LogStreams:
    found = LogStreams(lambda: None)
    for task_id in task_ids:
        found.add(AttemptKey(task_id, 1), Path("/nowhere"))
    return found


def sends(found: LogStreams, size: int = 10) -> int | None:
    """Send a frame of the next stream; return which."""
    stream = found.next_stream()
    if stream is None:
        return None
    assert found.reserve(stream, stream.position, SpoolChunk(stream.position, 0, 0, b"x" * size))
    return stream.key.task_id


def test_a_log_whose_terminal_is_in_a_flood_rests_after_each_frame_and_keeps_nobody() -> None:
    found = streams(7, 8)
    found.notify_flood(AttemptKey(7, 1))
    sent = [sends(found) for _ in range(6)]
    assert (sent.count(7), sent.count(8)) == (1, 5)
    due = found.retry_due(time.monotonic())
    assert due is not None
    assert time.monotonic() < due < time.monotonic() + 1


def test_it_continues_by_itself_during_the_flood() -> None:
    found = streams(7)
    for _ in range(3):
        found.notify_flood(AttemptKey(7, 1))
        assert sends(found) == 7
        assert sends(found) is None
        due = found.retry_due(time.monotonic())
        assert due is not None
        time.sleep(max(0.0, due - time.monotonic()))


def test_a_log_that_a_stages_end_waits_for_does_not_rest_until_then() -> None:
    found = streams(7)
    found.notify_flood(AttemptKey(7, 1))
    assert (sends(found), sends(found)) == (7, None)
    found.prioritize_until(AttemptKey(7, 1), 40)
    found.notify_flood(AttemptKey(7, 1))
    assert [sends(found) for _ in range(5)] == [7, 7, 7, None, None]


def test_who_waits_for_a_log_wakes_it() -> None:
    found = streams(7)
    found.notify_flood(AttemptKey(7, 1))
    assert (sends(found), sends(found)) == (7, None)
    assert not found.wait_acked(AttemptKey(7, 1), 20, timeout=0.0)
    assert sends(found) == 7


def test_a_log_that_has_been_read_holds_no_files(tmp_path: Path) -> None:
    writer = SpoolWriter(tmp_path)
    writer.append(b"all there is", 0, 0)
    writer.close()
    before = len(os.listdir("/proc/self/fd"))
    stream = LogStream(AttemptKey(7, 1), tmp_path)
    end = stream.size()
    assert [piece.data for piece in stream.read(0, 99)] == [b"all there is"]
    assert stream.read(end, 99) == []
    assert stream.gap_end(end) is None
    assert len(os.listdir("/proc/self/fd")) == before
