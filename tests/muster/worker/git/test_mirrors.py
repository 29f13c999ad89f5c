import os
import subprocess
import threading
from dataclasses import replace

import pytest

from muster.worker.git import git
from muster.worker.git.mirrors import Mirror
from muster.worker.git.remote import Login, Remote
from muster.worker.layout import Layout
from tests.muster.worker.repositories import (
    Machine,
    Repository,
    machine,
    repository,
    root,
    served_with_login,
)

__all__ = ["machine", "repository", "root"]

TOKEN = "tok3n-nobody-may-see"
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


def mirror_of(machine: Machine, url: str, token: str | None = None) -> Mirror:
    return Mirror(machine.layout, Remote.parse(url, Login(token)))


def test_a_mirror_has_the_base_and_nothing_of_other_attempts(machine, repository):
    commit = repository.commit({"a": "1"})
    repository.commit({"b": "1"}, "other")
    repository.git("update-ref", "refs/muster/1/1/0", commit)
    mirror = mirror_of(machine, repository.url)
    mirror.fetch("main")
    assert mirror.resolve_ref("refs/heads/main") == commit
    assert git.run_git(["for-each-ref", "--format=%(refname)"], mirror.path).split() == [
        "refs/heads/main"
    ]


def test_every_fetch_brings_the_base_up_to_date(machine, repository):
    mirror = mirror_of(machine, repository.url)
    mirror.fetch("main")
    commit = repository.commit({"new": "1"})
    mirror.fetch("main")
    assert mirror.resolve_ref("refs/heads/main") == commit


def test_a_rewritten_base_is_followed(machine, repository):
    mirror = mirror_of(machine, repository.url)
    mirror.fetch("main")
    repository.git("update-ref", "-d", "refs/heads/main")
    commit = repository.commit({"another": "history"})
    mirror.fetch("main")
    assert mirror.resolve_ref("refs/heads/main") == commit


@pytest.mark.parametrize(("first", "then"), [("a", "a/b"), ("a/b", "a")])
def test_a_branch_may_become_a_directory_of_branches_and_back(machine, repository, first, then):
    repository.commit({"x": "1"}, first)
    mirror = mirror_of(machine, repository.url)
    mirror.fetch(first)
    repository.git("update-ref", "-d", f"refs/heads/{first}")
    commit = repository.commit({"x": "2"}, then)
    mirror.fetch(then)
    assert mirror.resolve_ref(f"refs/heads/{then}") == commit


def test_locks_that_a_killed_git_left_are_cleared(machine, repository):
    mirror = mirror_of(machine, repository.url)
    mirror.fetch("main")
    commit = repository.commit({"new": "1"})
    (mirror.path / "refs/heads/main.lock").touch()
    mirror.fetch("main")
    assert mirror.resolve_ref("refs/heads/main") == commit


def test_fetches_of_one_repository_wait_for_each_other(machine, repository):
    failures = []

    def fetch():
        try:
            mirror_of(machine, repository.url).fetch("main")
        except git.GitError as error:
            failures.append(error)

    threads = [threading.Thread(target=fetch) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_a_private_repository_opens_with_the_token_and_only_with_it(machine, repository):
    with served_with_login(repository, TOKEN) as (url, logins):
        with pytest.raises(git.GitError, match=r"could not read Username|Authentication failed"):
            mirror_of(machine, url).fetch("main")
        with pytest.raises(git.GitError, match="Authentication failed"):
            mirror_of(machine, url, "wrong").fetch("main")
        mirror = mirror_of(machine, url, TOKEN)
        mirror.fetch("main")
        mirror.push(["refs/heads/main:refs/heads/pushed"])
    assert set(logins) == {"x-access-token"}
    assert repository.refs()["refs/heads/pushed"] == mirror.resolve_ref("refs/heads/main")


def test_the_token_is_in_no_argument_and_in_no_file(machine, repository, root, monkeypatch):
    spy = root / "bin" / "git"
    spy.parent.mkdir()
    real = subprocess.run(["which", "git"], capture_output=True, text=True, check=True)
    spy.write_text(f'#!/bin/sh\necho "$@" >> {root}/arguments\nexec {real.stdout.strip()} "$@"\n')
    spy.chmod(0o755)
    monkeypatch.setenv("PATH", f"{spy.parent}:{os.environ['PATH']}")
    with served_with_login(repository, TOKEN) as (url, _):
        mirror = mirror_of(machine, url.replace("://", f"://ann:{TOKEN}@"))
        mirror.fetch("main")
        mirror.push(["refs/heads/main:refs/heads/pushed"])
    assert "push" in (root / "arguments").read_text()
    assert subprocess.run(["grep", "-r", TOKEN, root], check=False).returncode == 1


def test_other_uids_can_read_a_mirror_but_not_list_the_mirrors(machine, repository):
    mirror = mirror_of(machine, repository.url)
    mirror.fetch("main")
    assert (mirror.path / "HEAD").stat().st_mode & 0o007 == 0o004
    assert machine.layout.mirrors.stat().st_mode & 0o777 == 0o711


def test_tidying_keeps_what_no_ref_names(machine, repository):
    mirror = mirror_of(machine, repository.url)
    mirror.fetch("main")
    commit = mirror.resolve_ref("refs/heads/main")
    mirror.delete_refs("refs/heads/main")
    mirror.run_gc()
    git.run_git(["gc", "--quiet"], mirror.path, settings={"gc.pruneExpire": "never"})
    assert git.run_git(["cat-file", "-t", commit], mirror.path) == "commit\n"


def test_unreadable_urls_have_mirrors_with_plain_names(tmp_path):
    path = Mirror(Layout(tmp_path), Remote.parse("https://host/../../etc/x")).path
    assert path.parent == tmp_path / "mirrors"
    assert path.name.removesuffix(".git").isalnum()


def test_a_repository_can_be_reached_by_a_file_url(machine, repository: Repository):
    mirror = mirror_of(machine, f"file://{repository.path}")
    mirror.fetch("main")
    assert mirror.resolve_ref("refs/heads/main") == repository.refs()["refs/heads/main"]


def test_git_that_reads_a_mirror_has_no_more_memory_than_it_may(machine, repository):
    repository.commit({"large": "x" * (40 << 20)})
    mirror = mirror_of(machine, repository.url)
    mirror.fetch("main")
    count = ["diff", "--shortstat", EMPTY_TREE, "refs/heads/main"]
    with pytest.raises(git.GitError, match=r"(?i)memory|mmap|malloc"):
        replace(mirror, memory=8 << 20).run_git(count)
    assert " insertions" in mirror.run_git(count)
