"""What maintenance deletes from a machine's disk, and what stays."""

import shutil
import threading
import time

import pytest

from muster.protocol.attempt_key import AttemptKey
from muster.worker.git import git
from muster.worker.git.checkpoints import push_checkpoint
from muster.worker.git.mirror_lock import MirrorLock
from muster.worker.git.mirror_users import KEPT_REFS
from muster.worker.git.mirrors import Mirror
from muster.worker.git.remote import Remote
from muster.worker.git.repositories import Repositories
from muster.worker.maintenance import Maintenance
from tests.muster.worker.maintenance_world import (
    begin,
    end,
    grow_old,
    has,
    maintenance,
    mirror_of,
    rewrite,
    whole,
)
from tests.muster.worker.repositories import (
    AUTHOR,
    Machine,
    Repository,
    act,
    machine,
    repository,
    root,
    silent_server,
)

__all__ = ["machine", "repository", "root"]


# ---- deleted -----------------------------------------------------------------------------------


def test_what_nobody_names_any_more_goes(machine: Machine, repository: Repository) -> None:
    first = begin(machine, repository, 1)
    act(first, "echo made > made")
    made = push_checkpoint(first, 0, "develop", AUTHOR, note=machine.note).commit
    base = first.base_commit
    rewrite(repository, "anew")
    second = begin(machine, repository, 2)
    mirror = mirror_of(machine, repository)
    maintenance(machine).run_once()
    assert has(mirror, base)
    assert has(mirror, made)
    end(machine, first)
    maintenance(machine).run_once()
    assert has(mirror, made)  # the second might have fetched it while it had a name
    assert whole(second)
    end(machine, second)
    maintenance(machine).run_once()
    assert not has(mirror, made)
    assert not has(mirror, base)
    names = git.run_git(["for-each-ref", "--format=%(refname)"], mirror.path).split()
    assert names == ["refs/heads/main"]


def test_who_came_later_keeps_nothing_that_was_gone_before(
    machine: Machine, repository: Repository
) -> None:
    first = begin(machine, repository, 1)
    rewrite(repository, "anew")
    second = begin(machine, repository, 2)
    mirror = mirror_of(machine, repository)
    maintenance(machine).run_once()
    assert has(mirror, first.base_commit)
    end(machine, first)
    maintenance(machine).run_once()
    assert not has(mirror, first.base_commit)
    assert whole(second)


def test_checkpoints_of_attempts_that_are_not_here_go(
    machine: Machine, repository: Repository
) -> None:
    first = begin(machine, repository, 1)
    made = push_checkpoint(first, 0, "develop", AUTHOR, note=machine.note)
    second = begin(machine, repository, 2, resume_from=made.ref)
    shutil.rmtree(machine.layout.attempt(AttemptKey(7, 1)))
    first.remove()
    mirror = mirror_of(machine, repository)
    maintenance(machine).run_once()
    names = git.run_git(["for-each-ref", "--format=%(refname)"], mirror.path).split()
    assert not [name for name in names if name.startswith("refs/muster")]
    assert whole(second)


def test_an_unused_mirror_goes_after_its_time_and_not_before(
    machine: Machine, repository: Repository, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    mirror, repositories, changed = mirror_of(machine, repository), [], []
    mirror.fetch("main")
    known = Repositories(machine.layout)
    known.add(repository.url)
    keeping = Maintenance(machine.layout, known, lambda: changed.append(1), keep_days=30)
    grow_old(mirror, 29)
    keeping.run_once()
    assert mirror.exists
    grow_old(mirror, 31)
    keeping.run_once()
    assert list(machine.layout.mirrors.iterdir()) == repositories
    assert (known.urls(), Repositories(machine.layout).urls()) == ([], [])
    assert changed
    assert "was unused for 30 days" in caplog.text
    begin(machine, repository, 1)


def test_a_mirror_on_which_an_attempt_stands_stays_however_old(
    machine: Machine, repository: Repository
) -> None:
    made = begin(machine, repository, 1)
    mirror = mirror_of(machine, repository)
    grow_old(mirror, 300)
    maintenance(machine).run_once()
    assert whole(made)
    end(machine, made)
    grow_old(mirror, 300)
    maintenance(machine).run_once()
    assert not mirror.path.exists()


def test_what_a_removal_left_is_removed_by_the_next_look(machine: Machine) -> None:
    left = machine.layout.mirrors / "x.git.gone"
    (left / "objects").mkdir(parents=True)
    maintenance(machine).run_once()
    assert not left.exists()


def test_nothing_is_pruned_twice_that_was_not_used_meanwhile(
    machine: Machine, repository: Repository
) -> None:
    mirror = mirror_of(machine, repository)
    mirror.fetch("main")
    keeping = maintenance(machine)
    grow_old(mirror, 1)
    keeping.run_once()
    first = (mirror.path / "pruned").stat().st_mtime_ns
    keeping.run_once()
    assert (mirror.path / "pruned").stat().st_mtime_ns == first


# ---- what stays --------------------------------------------------------------------------------


def test_where_an_attempt_is_on_no_list_nothing_is_touched(
    machine: Machine, repository: Repository
) -> None:
    made = begin(machine, repository, 1)
    mirror = mirror_of(machine, repository)
    shutil.rmtree(mirror.path / "mirror-users")  # like a daemon that kept no list
    rewrite(repository, "anew")
    mirror.fetch("main")
    grow_old(mirror, 300)
    maintenance(machine).run_once()
    assert has(mirror, made.base_commit)
    assert whole(made)


def test_a_list_that_cannot_be_read_keeps_everything(
    machine: Machine, repository: Repository
) -> None:
    made = begin(machine, repository, 1)
    mirror = mirror_of(machine, repository)
    (mirror.path / "mirror-users" / "7-1").write_text("")
    rewrite(repository, "anew")
    mirror.fetch("main")
    maintenance(machine).run_once()
    assert whole(made)


def test_a_ref_that_vanishes_is_kept_for_who_is_here(
    machine: Machine, repository: Repository
) -> None:
    made = begin(machine, repository, 1)
    mirror = mirror_of(machine, repository)
    with mirror._retain_for_users(["refs/heads/main"]):
        git.run_git(["update-ref", "-d", "refs/heads/main"], mirror.path)
    maintenance(machine).run_once()
    assert has(mirror, made.base_commit)
    assert whole(made)


def test_a_fast_forward_fetch_retains_nothing(machine: Machine, repository: Repository) -> None:
    begin(machine, repository, 1)
    repository.commit({"more": "x"})
    mirror = mirror_of(machine, repository)
    mirror.fetch("main")
    assert git.run_git(["for-each-ref", KEPT_REFS], mirror.path) == ""


def test_pruning_makes_way_for_an_attempt(
    machine: Machine, repository: Repository, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    mirror = mirror_of(machine, repository)
    mirror.fetch("main")
    lock = MirrorLock.for_mirror(mirror.path)
    with lock.try_acquire():
        waiting = threading.Thread(target=mirror.fetch, args=("main",), daemon=True)
        waiting.start()
        while not lock.is_set():
            time.sleep(0.01)
        with pytest.raises(git.GitCancelled):
            git.run_git(["gc"], mirror.path, cancelled=lock)
    waiting.join(20)
    assert not waiting.is_alive()


def test_a_mirror_that_is_busy_is_left_alone(machine: Machine, repository: Repository) -> None:
    with silent_server() as (url, guest_came):
        remote = Mirror(machine.layout, Remote.parse(url))
        cancelled = threading.Event()

        def fetch() -> None:
            with pytest.raises(git.GitCancelled):
                remote.fetch("main", cancelled=cancelled)

        fetching = threading.Thread(target=fetch, daemon=True)
        fetching.start()
        guest_came()
        grow_old(remote, 300)
        maintenance(machine).run_once()
        assert remote.exists
        cancelled.set()
        fetching.join(20)
