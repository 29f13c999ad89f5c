"""A stage's changes reach the server before the stage's exit: contents once, all of them before the
lists that name them."""

import pytest

from muster.protocol.frames import (
    Changes,
    Checkpoint,
    Content,
    Failed,
    Note,
    Publish,
    Published,
    Repo,
    StageFinished,
    Suspend,
    Suspended,
)
from muster.worker.attempts import changes as telling
from muster.worker.git.git import GitError
from tests.muster.worker.attempts.attempt_world import quick
from tests.muster.worker.attempts.reported_changes import (
    contents,
    kinds,
    patch,
    printed,
    reported_changes,
)
from tests.muster.worker.repositories import repository, root
from tests.muster.worker.worker_home import BRANCH, WorkerHome, worker

__all__ = ["quick", "repository", "root", "worker"]


def test_a_stages_changes_come_between_its_checkpoint_and_its_end(worker: WorkerHome) -> None:
    server = worker.start().server
    worker.run("echo one > one; rm README")
    server.wait_for_report(StageFinished)
    assert kinds(server.bodies()) == ["Checkpoint", "Content", "Changes", "StageFinished"]
    made = server.wait_for_report(Checkpoint)
    stage, base = reported_changes(worker)
    assert (stage.since, base.since) == ("stage", "base")
    assert stage.base == base.base == worker.repository.refs()["refs/heads/main"]
    assert (stage.commit, stage.files) == (made.commit, base.files)
    assert [(file.path, file.status) for file in base.files] == [
        *(("README", "deleted"), ("one", "added")),
    ]
    assert patch(worker, base) == printed(worker, base.base, made.commit)
    sections = {file.patch for file in base.files}
    blobs = {content for id, content in contents(worker).items() if id not in sections}
    assert blobs == {b"one\n", b"hello\n"}


def test_a_later_stage_tells_what_is_new_and_no_content_again(worker: WorkerHome) -> None:
    server = worker.start().server
    worker.run("echo one > one")
    server.wait_for_report(StageFinished)
    worker.run("echo two > two", stage_index=1)
    server.wait_for_report(StageFinished, 2)
    first, second = (body.commit for body in server.bodies(Checkpoint))  # type: ignore[union-attr]
    stage, base = reported_changes(worker)[2:]
    assert (stage.since, stage.base, stage.commit) == ("stage", first, second)
    assert [file.path for file in stage.files] == ["two"]
    assert [file.path for file in base.files] == ["one", "two"]
    assert patch(worker, base) == printed(worker, base.base, second)
    ids = [body.id for body in server.bodies(Content)]  # type: ignore[union-attr]
    assert len(ids) == len(set(ids))


def test_a_stage_that_changed_nothing_says_so_and_asks_no_git(
    worker: WorkerHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("muster.worker.git.git.stream_git", None)
    server = worker.start().server
    worker.run("true")
    server.wait_for_report(StageFinished)
    assert [(change.since, change.files, change.total) for change in reported_changes(worker)] == [
        *(("stage", [], 0), ("base", [], 0)),
    ]
    assert server.bodies(Content) == []


def test_what_was_told_at_the_checkpoint_is_not_told_at_the_push(worker: WorkerHome) -> None:
    server = worker.start().server
    worker.run("echo one > one")
    server.wait_for_report(StageFinished)
    before = len(server.bodies(Changes))
    server.send(Publish(7, 1))
    server.wait_for_report(Published)
    assert len(server.bodies(Changes)) == before


def test_changes_without_a_checkpoint_are_reported_before_the_push(worker: WorkerHome) -> None:
    worker.repository.hook("update", 'case "$1" in refs/muster/*) exit 1;; esac')
    server = worker.start().server
    worker.run("echo one > one")
    server.wait_for_report(StageFinished)
    assert reported_changes(worker) == []
    server.send(Publish(7, 1))
    published = server.wait_for_report(Published)
    assert kinds(server.bodies()) == ["StageFinished", "Content", "Changes", "Published"]
    assert {change.commit for change in reported_changes(worker)} == {published.commit}


def test_a_round_is_compared_with_what_the_one_before_came_to(worker: WorkerHome) -> None:
    server = worker.start().server
    worker.run("echo one > one")
    server.wait_for_report(StageFinished)
    made = server.wait_for_report(Checkpoint)
    repo = Repo(
        worker.repository.url, "main", "muster/7-2", resume_from=made.ref, before=made.commit
    )
    worker.run("echo two > two", attempt=2, repo=repo)
    server.wait_for_report(StageFinished, 2)
    bases = {change.since: change for change in reported_changes(worker)[2:]}
    assert bases["round"].base == bases["stage"].base == made.commit
    assert [file.path for file in bases["round"].files] == ["two"]
    assert [file.path for file in bases["base"].files] == ["one", "two"]


@pytest.mark.parametrize("before", ["1" * 40, "--output=x", "main"])
def test_a_round_before_that_is_not_here_is_not_compared_with(
    worker: WorkerHome, before: str
) -> None:
    server = worker.start().server
    worker.run("echo one > one", repo=Repo(worker.repository.url, "main", BRANCH, before=before))
    server.wait_for_report(StageFinished)
    assert [change.since for change in reported_changes(worker)] == ["stage", "base"]


def test_the_changes_of_a_suspended_stage_are_reported_before_it(worker: WorkerHome) -> None:
    server = worker.start().server
    worker.run("echo one > one; echo up; sleep 100", on_limit="suspend")
    server.wait_for(lambda: b"up" in server.log())
    server.send(Suspend(7, 1, 0, 0, "budget"))
    server.wait_for_report(Suspended)
    assert kinds(server.bodies()) == ["Checkpoint", "Content", "Changes", "Suspended"]
    assert [(change.since, change.partial) for change in reported_changes(worker)] == [
        *(("stage", True), ("base", True)),
    ]


def test_a_large_patch_waits_for_the_server_a_few_pieces_at_a_time(
    worker: WorkerHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "_CHUNK_BYTES", 10_000)
    monkeypatch.setattr(telling, "_SEND_WINDOW_BYTES", 50_000)
    server = worker.start().server
    server.acks = False
    worker.run("head -c 300000 /dev/urandom > data")
    server.wait_for(lambda: len(server.bodies(Content)) >= 4)
    assert len(server.bodies(Content)) == 4
    assert server.bodies(StageFinished) == []
    server.release()
    server.wait_for_report(StageFinished)
    assert patch(worker, reported_changes(worker)[-1]).startswith(b"diff --git a/data b/data\n")
    assert max(len(body.data) for body in server.bodies(Content)) == 10_000  # type: ignore[union-attr]


def test_of_a_patch_of_more_than_10_mib_the_numbers_are_told(worker: WorkerHome) -> None:
    server = worker.start().server
    worker.run("head -c 8000000 /dev/urandom | base64 > large; echo one > one")
    server.wait_for_report(StageFinished)
    for change in reported_changes(worker):
        assert change.left_out == "size"
        assert [(file.path, file.patch) for file in change.files] == [
            *(("large", None), ("one", None)),
        ]
    assert server.bodies(Content) == []


def test_a_long_list_comes_in_parts(worker: WorkerHome, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "_MAX_LIST_FILES", 10)
    server = worker.start().server
    worker.run("for n in $(seq 10 34); do echo $n > $n; done")
    server.wait_for_report(StageFinished)
    base = [change for change in reported_changes(worker) if change.since == "base"]
    assert [(change.first, len(change.files), change.total) for change in base] == [
        *((0, 10, 25), (10, 10, 25), (20, 5, 25)),
    ]
    names = [file.path for change in base for file in change.files]
    assert names == [str(number) for number in range(10, 35)]


def test_a_failure_costs_a_warning_and_no_stage(
    worker: WorkerHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> bool:
        raise GitError("git has no words")

    monkeypatch.setattr("muster.worker.git.git.stream_git", broken)
    server = worker.start().server
    worker.run("echo one > one")
    server.wait_for_report(StageFinished)
    [words] = [body.text for body in server.bodies(Note) if "cannot be told" in body.text]  # type: ignore[union-attr]
    assert words == "what has changed cannot be told: git has no words"
    assert (reported_changes(worker), server.bodies(Failed)) == ([], [])


def test_an_agents_settings_and_attributes_change_nothing(worker: WorkerHome) -> None:
    """Nor do its lines, whatever they look like."""
    ran = worker.layout.home.parent / "ran"
    lines = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n"
    server = worker.start().server
    worker.run(
        f"""echo '* diff=evil' > .gitattributes; echo '*.txt binary' >> .gitattributes
        git config diff.evil.textconv 'touch {ran};:'; git config diff.external 'touch {ran};:'
        git config diff.noprefix true; mkdir -p $HOME; git config --global core.pager 'touch {ran}'
        printf '{lines!r}' > fake.txt; rm -f {ran}"""
    )
    server.wait_for_report(StageFinished)
    assert not ran.exists()
    base = reported_changes(worker)[-1]
    known = contents(worker)
    files = {file.path: file for file in base.files}
    assert known[str(files["fake.txt"].patch)].startswith(b"diff --git a/fake.txt b/fake.txt\nnew")
    assert not files["fake.txt"].binary
    assert patch(worker, base).count(b"\ndiff --git ") == 1
