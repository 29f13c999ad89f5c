"""Facts about a workspace: reported while a stage runs, and when they change."""

from pathlib import Path

import pytest

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import Checkpoint, DiffStat, StageFinished, WorkspaceFacts
from muster.worker.attempts import facts
from tests.muster.worker.repositories import repository, root, wait_for
from tests.muster.worker.worker_home import WorkerHome, worker

__all__ = ["repository", "root", "worker"]

BASE, HEAD = "ba5e" * 10, "4ead" * 10
FACTS = WorkspaceFacts("ready", "/w", "b", BASE, HEAD, False, DiffStat(1, 2, 3), 10 << 20)


@pytest.mark.parametrize(
    ("cost", "moving", "expected"),
    [
        pytest.param(0.01, True, 3.0, id="a small tree at work"),
        pytest.param(0.01, False, 30.0, id="a small tree at rest"),
        pytest.param(60.0, True, 1200.0, id="a huge tree at work"),
        pytest.param(60.0, False, 2400.0, id="a huge tree at rest"),
    ],
)
def test_looks_cost_a_bounded_share_of_the_time(cost: float, moving: bool, expected: float) -> None:
    assert facts.poll_interval(cost, moving=moving) == expected


def changed(**more: object) -> WorkspaceFacts:
    given = {name: getattr(FACTS, name) for name in FACTS.__struct_fields__}
    return WorkspaceFacts(**{**given, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        pytest.param(None, FACTS, True, id="the first"),
        pytest.param(FACTS, FACTS, False, id="the same"),
        pytest.param(FACTS, changed(dirty=True), True, id="dirt"),
        pytest.param(FACTS, changed(head_commit=BASE), True, id="a commit"),
        pytest.param(FACTS, changed(diff=DiffStat(1, 2, 4)), True, id="a line"),
        pytest.param(FACTS, changed(size_bytes=(10 << 20) + 5), False, id="a few bytes"),
        pytest.param(FACTS, changed(size_bytes=11 << 20), True, id="a megabyte"),
    ],
)
def test_only_changes_are_reported(
    before: WorkspaceFacts | None, now: WorkspaceFacts, expected: bool
) -> None:
    assert facts.is_significant(before, now) is expected


def test_changes_during_a_stage_are_reported_before_it_ends(
    worker: WorkerHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facts, "_INTERVAL_SECONDS", 0.05)
    server = worker.start().server
    worker.run("echo more >> README; echo done; while [ ! -e go ]; do sleep 0.05; done; rm -f go")
    seen = server.wait_for(lambda: [f for f in server.bodies(WorkspaceFacts) if f.diff and f.dirty])
    assert seen[0].diff == DiffStat(1, 1, 0)
    assert server.bodies(StageFinished) == []
    (worker.layout.workspace(AttemptKey(7, 1)) / "go").touch()
    made = server.wait_for_report(Checkpoint)
    assert made.diff == DiffStat(1, 1, 0)
    last = server.wait_for(
        lambda: [f for f in server.bodies(WorkspaceFacts) if f.head_commit == made.commit]
    )
    assert not last[-1].dirty


def test_during_a_stage_only_changes_are_reported_and_after_it_everything(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reports: list[WorkspaceFacts] = []
    reporter = type("Deaf", (), {"report": lambda _, body: reports.append(body)})()
    teller = facts.FactsReporter(reporter)  # type: ignore[arg-type]
    monkeypatch.setattr(facts, "_workspace_facts", lambda of, found: found)
    found = [FACTS, FACTS, changed(dirty=True), changed(dirty=True)]
    workspace = type("Seen", (), {"path": "/w", "read_facts": lambda *_: found.pop(0)})()
    for _ in range(3):
        teller.report_facts(workspace, only_news=True)
    assert reports == [FACTS, changed(dirty=True)]
    teller.report_facts(workspace)
    assert reports[2:] == [changed(dirty=True)]


@pytest.mark.parametrize("moved", ["log", ".git/index", ".git/HEAD", ".git/logs/HEAD"])
def test_what_moves_is_looked_at_soon_and_what_rests_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moved: str
) -> None:
    monkeypatch.setattr(facts, "_INTERVAL_SECONDS", 0.01)
    monkeypatch.setattr(facts, "_QUIET_INTERVAL_SECONDS", 1000.0)
    monkeypatch.setattr(facts, "_COST_FACTOR", 0)
    (tmp_path / ".git" / "logs").mkdir(parents=True)
    looks, glances = [], []
    teller = type(
        "Teller", (), {"report_facts": lambda *_, only_news, cancelled: looks.append(only_news)}
    )()
    workspace = type("At", (), {"path": tmp_path, "key": AttemptKey(7, 1)})()
    seen = facts.FactsWatcher._read_stamps

    def count_poll(watch: facts.FactsWatcher) -> object:
        glances.append(1)
        return seen(watch)

    monkeypatch.setattr(facts.FactsWatcher, "_read_stamps", count_poll)
    with facts.FactsWatcher(teller, workspace, tmp_path / "log"):
        wait_for(lambda: looks)
        since = len(glances)
        wait_for(lambda: len(glances) > since + 5)
        assert len(looks) == 1
        (tmp_path / moved).write_text("moved")
        wait_for(lambda: len(looks) == 2)


def test_a_late_look_never_undoes_a_newer_one(monkeypatch: pytest.MonkeyPatch) -> None:
    reports: list[WorkspaceFacts] = []
    reporter = type("Deaf", (), {"report": lambda _, body: reports.append(body)})()
    teller = facts.FactsReporter(reporter)  # type: ignore[arg-type]
    monkeypatch.setattr(facts, "_workspace_facts", lambda of, found: found)

    class Slow:
        path = "/w"

        def read_facts(self, _cancelled: object) -> WorkspaceFacts:
            teller.report_facts(Quick())  # type: ignore[arg-type]
            return FACTS

    class Quick(Slow):
        def read_facts(self, _cancelled: object) -> WorkspaceFacts:
            return changed(dirty=True)

    teller.report_facts(Slow())  # type: ignore[arg-type]
    assert reports == [changed(dirty=True)]
    teller.close()
    teller.report_facts(Quick())  # type: ignore[arg-type]
    assert len(reports) == 1
