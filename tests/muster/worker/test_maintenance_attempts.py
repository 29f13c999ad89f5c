"""Maintenance deletes nothing that a current attempt needs, whatever happens meanwhile."""

import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from muster.worker.git.checkpoints import push_checkpoint
from muster.worker.git.mirror_users import MirrorUsers
from muster.worker.layout import Layout
from tests.muster.worker.maintenance_world import begin, end, maintenance, mirror_of, rewrite, whole
from tests.muster.worker.repositories import (
    AUTHOR,
    Machine,
    Repository,
    act,
    machine,
    repository,
    root,
)

__all__ = ["machine", "repository", "root"]


@contextmanager
def a_machine() -> Iterator[tuple[Machine, Repository]]:
    path = Path(tempfile.mkdtemp(prefix="muster-test-"))
    path.chmod(0o711)
    layout = Layout(path / "home", file_roots=(path,))
    layout.make()
    made = Machine(layout, one_user=True)
    repository = Repository.create(path / "remote.git")
    repository.commit({"README": "hello\n"})
    try:
        yield made, repository
    finally:
        shutil.rmtree(path)


STEPS = ("begin", "resume", "rewrite", "grow", "agent fetches", "checkpoint", "forget", "look")


@settings(max_examples=12, deadline=None)
@given(
    steps=st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 9)), min_size=4, max_size=14)
)
def test_whatever_happens_no_workspace_misses_an_object(steps: list[tuple[str, int]]) -> None:
    with a_machine() as (machine, repository):
        here = [begin(machine, repository, 1)]
        checkpoints: list[str] = []
        for number, (step, choice) in enumerate(steps, start=2):
            chosen = here[choice % len(here)] if here else None
            match step:
                case "begin":
                    here.append(begin(machine, repository, number))
                case "resume" if checkpoints:
                    ref = checkpoints[choice % len(checkpoints)]
                    if ref in repository.refs():
                        here.append(begin(machine, repository, number, resume_from=ref))
                case "rewrite":
                    rewrite(repository, f"{number}")
                case "grow":
                    repository.commit({f"f{number}": "x"})
                case "agent fetches" if chosen:
                    act(chosen, "git fetch -q origin '+refs/*:refs/remotes/all/*'")
                case "checkpoint" if chosen:
                    act(chosen, f"echo {number} > made")
                    made = push_checkpoint(chosen, number, "s", AUTHOR, note=machine.note)
                    checkpoints.append(made.ref)
                case "forget" if chosen:
                    here.remove(chosen)
                    end(machine, chosen)
                case "look":
                    maintenance(machine).run_once()
        maintenance(machine).run_once()
        for workspace in here:
            assert whole(workspace), steps


def test_pruning_races_with_attempts_and_takes_nothing_from_them(
    machine: Machine, repository: Repository
) -> None:
    over, broken = threading.Event(), []
    keeping = maintenance(machine)

    def look_on() -> None:
        while not over.is_set():
            keeping.run_once()

    def live(first: int) -> None:
        try:
            for attempt in range(first, first + 4):
                made = begin(machine, repository, attempt)
                act(made, f"echo {attempt} > made{attempt}")
                push_checkpoint(made, 0, "develop", AUTHOR, note=machine.note)
                rewrite(repository, f"{attempt}")
                assert whole(made)
                end(machine, made)
        except BaseException as error:
            broken.append(error)

    looking = threading.Thread(target=look_on, daemon=True)
    lives = [threading.Thread(target=live, args=(first,), daemon=True) for first in (10, 20)]
    looking.start()
    for thread in lives:
        thread.start()
    for thread in lives:
        thread.join(60)
    over.set()
    looking.join(30)
    assert broken == []
    keeping.run_once()
    assert MirrorUsers(mirror_of(machine, repository).path).numbers() == {}
