"""An agent's transcript reaches the server: each entry once, in order, in time."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import (
    Lost,
    StageFinished,
    Stop,
    Stopped,
    Transcript,
    TranscriptUpdated,
    WorkspaceFacts,
)
from muster.worker.attempts.context import AttemptContext, Reporter
from muster.worker.attempts.transcript import TranscriptReporter
from muster.worker.journal.journal import Journal
from muster.worker.sandbox.detection import detect
from muster.worker.sandbox.mounts import PYTHON
from muster.worker.shim import client as shim_client
from muster.worker.shim.transcript import FILE_NAME, TranscriptWriter
from tests.muster.worker.attempts.attempt_world import milestones, quick
from tests.muster.worker.repositories import repository, root, wait_for
from tests.muster.worker.shim.channel_speaker import SPEAKER
from tests.muster.worker.test_daemon_killed import die_with_torn
from tests.muster.worker.worker_home import WorkerHome, worker

__all__ = ["quick", "repository", "root", "worker"]

Speak = Callable[..., None]
KEY = AttemptKey(7, 1)


@pytest.fixture
def speak(worker: WorkerHome) -> Speak:
    """Orders a stage whose agent is Python that uses its channel."""
    python = Path(os.path.realpath(sys.executable))
    if detect(worker.layout).level == "full":
        python = Path(PYTHON, "bin", python.name)

    def order(act: str, stage_index: int = 0, **more: Any) -> None:
        command = f"{python} -I -S -c {{prompt}}"
        worker.run(SPEAKER + act, stage_index, kind="agent", agent_command=command, **more)

    return order


def numbered(worker: WorkerHome) -> list[tuple[int, int, str]]:
    """Number, stage and text of each entry, as reported."""
    return [
        (report.first + at, report.stage_index, entry.text)
        for report in cast(list[Transcript], worker.server.bodies(Transcript))
        for at, entry in enumerate(report.entries)
    ]


def make_waiting_stage(worker: WorkerHome) -> tuple[Path, str]:
    """A file that the stage waits for, and the act that does."""
    flag = worker.layout.home.parent / "go"
    return flag, f"import time\nwhile not os.path.exists({str(flag)!r}): time.sleep(0.02)\n"


def test_entries_come_before_the_stages_end_and_say_where_the_log_shows_them(
    worker: WorkerHome, speak: Speak
) -> None:
    server = worker.start().server
    act = "for n in range(3): entry(f'#{n}', title='t', data={'n': n}); show(f'#{n}' + chr(10))"
    speak(act, secrets={"KEY": "hush-hush"})
    server.wait_for_report(StageFinished)
    assert milestones(worker)[-2:] == ["Checkpoint", "StageFinished"]
    assert milestones(worker).index("Transcript") < milestones(worker).index("StageFinished")
    assert numbered(worker) == [(0, 0, "#0"), (1, 0, "#1"), (2, 0, "#2")]
    entries = [entry for report in server.bodies(Transcript) for entry in report.entries]  # type: ignore[union-attr]
    server.wait_for(lambda: server.log() == b"#0\r\n#1\r\n#2\r\n")
    for number, entry in enumerate(entries):
        assert server.log()[entry.log_offset :].startswith(entry.text.encode())
        assert (entry.kind, entry.title, entry.data) == ("message", "t", {"n": number})

    speak("entry('next')", stage_index=1)
    server.wait_for_report(StageFinished, 2)
    assert numbered(worker)[3:] == [(3, 1, "next")]
    worker.forget()
    server.wait_for(lambda: server.bodies(WorkspaceFacts)[-1].state == "removed")
    assert list(worker.layout.attempts.iterdir()) == []


def test_entries_come_while_the_stage_runs(worker: WorkerHome, speak: Speak) -> None:
    server = worker.start().server
    flag, wait = make_waiting_stage(worker)
    speak(f"entry('one')\nentry('two')\n{wait}")
    server.wait_for(lambda: len(numbered(worker)) == 2)
    assert server.bodies(StageFinished) == []
    flag.touch(0o666)
    server.wait_for_report(StageFinished)
    assert len(numbered(worker)) == 2


@pytest.mark.parametrize("kills", [1, 4])
def test_daemons_that_are_killed_in_between_report_each_entry_once(
    worker: WorkerHome, speak: Speak, kills: int
) -> None:
    server = worker.server
    flag, _ = make_waiting_stage(worker)
    worker.spawn()
    speak(
        "import time\nnumber = 0\n"
        f"while not os.path.exists({str(flag)!r}):\n"
        "    entry(str(number)); number += 1; time.sleep(0.003)\n"
        "show(f'{number} entries')"
    )
    for _ in range(kills):
        known = len(numbered(worker))
        server.wait_for(lambda known=known: len(numbered(worker)) > known)
        worker.kill()
        worker.spawn()
    flag.touch(0o666)
    server.wait_for_report(StageFinished)
    server.wait_for(lambda: server.log().endswith(b"entries"))
    count = int(server.log().split()[0])
    assert numbered(worker) == [(number, 0, str(number)) for number in range(count)]


def test_a_report_that_was_not_on_disk_when_all_died_is_made_again(
    worker: WorkerHome, speak: Speak
) -> None:
    server = worker.server
    flag, wait = make_waiting_stage(worker)
    worker.spawn()
    speak(f"show('up')\n{wait}\nfor n in range(3): entry(str(n))")
    server.wait_for(lambda: b"up" in server.log())
    die_with_torn(worker, flag, Transcript)

    worker.spawn()
    server.wait_for_report(StageFinished)
    assert numbered(worker) == [(number, 0, str(number)) for number in range(3)]


def test_much_waits_in_its_file_until_the_server_has_the_rest(
    worker: WorkerHome, speak: Speak
) -> None:
    server = worker.start().server
    server.acks = False
    speak("for n in range(150): entry(str(n) + ' ' + 'x' * 16000)")
    server.wait_for(lambda: len(server.bodies(Transcript)) >= 4)
    directory = worker.layout.attempt(KEY)
    wait_for(lambda: (state := shim_client.read_state(directory)) and state.ends)
    assert len(server.bodies(Transcript)) == 4
    assert server.bodies(StageFinished) == []
    server.release()
    server.wait_for_report(StageFinished)
    assert [int(text.split()[0]) for _, _, text in numbered(worker)] == list(range(150))
    for report in server.bodies(Transcript):
        assert len(msgspec.json.encode(report)) <= 256 << 10


def test_the_transcript_of_a_lost_stage_is_complete_before_that(
    worker: WorkerHome, speak: Speak
) -> None:
    server = worker.start().server
    speak("for n in range(9): entry(str(n))\nshow('up')\nsys.stdin.readline()")
    server.wait_for(lambda: b"up" in server.log())
    shim = shim_client.attach(worker.layout.attempt(KEY))
    assert shim is not None
    os.kill(shim.fetch_state().pid, signal.SIGKILL)
    shim.close()
    server.wait_for_report(Lost)
    assert milestones(worker)[-1] == "Lost"
    assert [text for _, _, text in numbered(worker)] == [str(number) for number in range(9)]


def test_the_transcript_of_a_stopped_stage_is_complete_before_that(
    worker: WorkerHome, speak: Speak
) -> None:
    server = worker.start().server
    speak("for n in range(9): entry(str(n))\nshow('up')\nsys.stdin.readline()")
    server.wait_for(lambda: b"up" in server.log())
    server.send(Stop(7, 1, "cancelled"))
    server.wait_for_report(Stopped)
    assert milestones(worker)[-1] == "Stopped"
    assert [text for _, _, text in numbered(worker)] == [str(number) for number in range(9)]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal(tmp_path, lambda: None)
    yield journal
    journal.close()


def make_reporter(journal: Journal, directory: Path) -> TranscriptReporter:
    context = cast(AttemptContext, SimpleNamespace(journal=journal))
    return TranscriptReporter(Reporter(context, KEY), directory)


def reported_entries(journal: Journal) -> list[tuple[int, int, int, list[str]]]:
    assert journal.flush(10)
    bodies = [cast(Transcript, report.body) for report in journal.reports_after(0)]
    return [(b.first, b.stage_index, b.run, [e.text for e in b.entries]) for b in bodies]


def test_a_report_is_about_one_run_of_one_stage(journal: Journal, tmp_path: Path) -> None:
    writer = TranscriptWriter(tmp_path)
    for number, (stage, run) in enumerate([(0, 0), (0, 0), (1, 0), (1, 1), (1, 1)]):
        place = {"stage": stage, "run": run, "atMs": 5, "logOffset": 6}
        writer.append(place, {"kind": "tool", "title": "", "text": str(number), "data": {}})
    make_reporter(journal, tmp_path).report_rest(lambda: True)
    assert reported_entries(journal) == [
        (0, 0, 0, ["0", "1"]),
        (2, 1, 0, ["2"]),
        (3, 1, 1, ["3", "4"]),
    ]


def test_a_line_that_cannot_be_read_costs_no_other(journal: Journal, tmp_path: Path) -> None:
    lines = [b'{"atMs":1,"kind":"tool","text":"a"}', b'{"kind":"new"}', b'{"atMs":1,"kind":"tool"}']
    (tmp_path / FILE_NAME).write_bytes(b"\n".join([*lines, b'{"half']))
    make_reporter(journal, tmp_path).report_rest(lambda: True)
    ((first, _, _, texts),) = reported_entries(journal)
    assert (first, texts) == (0, ["a", "", ""])
    (report,) = journal.reports_after(0)
    assert [entry.kind for entry in cast(Transcript, report.body).entries] == [
        *("tool", "error", "tool")
    ]


def write_states(writer: TranscriptWriter, *lines: tuple[int | None, str]) -> None:
    """Write new entries (None), and states of earlier ones, by their numbers."""
    for number, state in lines:
        place = {"stage": 0, "run": 0, "atMs": 5, "logOffset": 6}
        entry = {"kind": "command", "title": "", "text": "", "data": {}, "state": state}
        if number is None:
            writer.append(place, entry)
        else:
            writer.replace(number, {**place, "finishedMs": 9}, entry, is_last=True)


def reported_states(journal: Journal) -> list[list[tuple[int, str | None]]]:
    """The numbers and states of entries, by report."""
    assert journal.flush(10)
    found = []
    for report in journal.reports_after(0):
        if isinstance(body := report.body, Transcript):
            found.append([(n, entry.state) for n, entry in enumerate(body.entries, body.first)])
        elif isinstance(body, TranscriptUpdated):
            found.append([(each.number, each.entry.state) for each in body.entries])
    return found


def test_new_entries_and_changes_are_reported_in_their_order(
    journal: Journal, tmp_path: Path
) -> None:
    writer = TranscriptWriter(tmp_path)
    write_states(writer, (None, "running"), (None, "running"), (0, "done"), (1, "failed"))
    write_states(writer, (None, "done"))
    make_reporter(journal, tmp_path).report_rest(lambda: True)
    assert reported_states(journal) == [
        [(0, "running"), (1, "running")],
        [(0, "done"), (1, "failed")],
        [(2, "done")],
    ]


def test_the_next_daemon_reports_the_changes_that_are_left(
    journal: Journal, tmp_path: Path
) -> None:
    writer = TranscriptWriter(tmp_path)
    write_states(writer, (None, "running"))
    make_reporter(journal, tmp_path).report_rest(lambda: True)
    write_states(writer, (0, "done"), (None, "running"))
    make_reporter(journal, tmp_path).report_rest(lambda: True)
    write_states(TranscriptWriter(tmp_path), (1, "stopped"))
    make_reporter(journal, tmp_path).report_rest(lambda: True)
    make_reporter(journal, tmp_path).report_rest(lambda: True)
    assert reported_states(journal) == [
        [(0, "running")],
        [(0, "done")],
        [(1, "running")],
        [(1, "stopped")],
    ]


def test_a_change_that_cannot_be_read_keeps_its_number(journal: Journal, tmp_path: Path) -> None:
    write_states(TranscriptWriter(tmp_path), (None, "running"))
    with (tmp_path / FILE_NAME).open("ab") as file:
        file.write(b'{"number":0,"kind":"of a newer release"}\n')
    make_reporter(journal, tmp_path).report_rest(lambda: True)
    assert reported_states(journal) == [[(0, "running")], [(0, None)]]


def test_it_reports_now_and_then_and_at_once_at_the_end(journal: Journal, tmp_path: Path) -> None:
    writer, telling = TranscriptWriter(tmp_path), make_reporter(journal, tmp_path)
    place = {"stage": 0, "run": 0, "atMs": 5, "logOffset": 6}
    entry = {"kind": "tool", "title": "", "text": "", "data": {}}
    assert telling.poll() is None
    writer.append(place, entry)
    assert telling.poll() is None
    writer.append(place, entry)
    again = telling.poll()
    assert again is not None
    assert 0 < again <= 0.5
    assert len(reported_entries(journal)) == 1
    telling.report_rest(lambda: False)
    assert len(reported_entries(journal)) == 1
    telling.report_rest(lambda: True)
    assert [first for first, *_ in reported_entries(journal)] == [0, 1]
