"""What a machine finds out about a repository, with the real git, and what it leaves: nothing."""

import dataclasses
import threading
from pathlib import Path
from typing import Any

import pytest

from app.domain import project_check
from app.domain.project_check import Checked, MachineAnswer
from muster.protocol.frames import CheckRepository, Repo, RepositoryChecked
from muster.worker.git import repository_checks
from muster.worker.git.repository_checks import RepositoryChecks, check_repository
from tests.muster.worker.repositories import (
    Machine,
    Repository,
    machine,
    repository,
    root,
    served_with_login,
    silent_server,
)

__all__ = ["machine", "repository", "root"]
TOKEN = "ghp_hush-hush"


def order(url: str, **more: Any) -> CheckRepository:
    return CheckRepository("c1", Repo(url=url, branch="", **{"base": "main", **more}))


def code_of(answer: RepositoryChecked, url: str, token: str | None = None) -> str:
    """The code that the server makes of the answer, for its first failed step."""
    checked = Checked(url, "main", bool(token), False, "heron")
    about = MachineAnswer(
        *(answer.state, answer.has_base, answer.head, answer.branches, answer.details),
        folders=answer.folders,
    )
    steps = project_check.find_steps(checked, about)
    return next(step.code for step in steps if step.state == "failed")


def test_a_reached_repository_shows_its_branches_and_leaves_nothing(
    machine: Machine, repository: Repository
) -> None:
    repository.commit({"README": "hello\n"}, branch="next")
    before = sorted(machine.layout.home.rglob("*"))
    answer = check_repository(machine.layout, order(repository.path.as_uri(), base="next"))
    assert (answer.state, answer.has_base, answer.head) == ("reached", True, "main")
    assert sorted(answer.branches) == ["main", "next"]
    assert sorted(machine.layout.home.rglob("*")) == before


def test_a_branch_that_is_not_there_is_missing(machine: Machine, repository: Repository) -> None:
    answer = check_repository(machine.layout, order(repository.path.as_uri(), base="trunk"))
    assert (answer.state, answer.has_base) == ("reached", False)


def test_many_branches_are_cut_and_the_base_is_still_found(
    machine: Machine, repository: Repository
) -> None:
    commit = repository.refs()["refs/heads/main"]
    lines = "".join(f"create refs/heads/a{number} {commit}\n" for number in range(150))
    repository.git("update-ref", "--stdin", given=lines)
    answer = check_repository(machine.layout, order(repository.path.as_uri()))
    assert (len(answer.branches), answer.has_base) == (100, True)


def test_a_folder_that_the_operator_has_not_named_is_refused(
    machine: Machine, repository: Repository
) -> None:
    layout = dataclasses.replace(machine.layout, file_roots=())
    url = repository.path.as_uri()
    answer = check_repository(layout, order(url))
    assert code_of(answer, url) == "folder_not_allowed"
    assert "--file-root" in answer.details


def test_a_folder_outside_the_named_ones_is_refused_with_their_names(
    machine: Machine, repository: Repository, root: Path
) -> None:
    layout = dataclasses.replace(machine.layout, file_roots=(root / "allowed", Path("/srv/git")))
    url = repository.path.as_uri()
    answer = check_repository(layout, order(url))
    assert code_of(answer, url) == "folder_outside"
    assert answer.folders == [str(root / "allowed"), "/srv/git"]
    assert answer.details.endswith(f"`worker run --file-root`: {root}/allowed, /srv/git")


def test_a_folder_without_a_repository_is_not_found(machine: Machine, root: Path) -> None:
    url = (root / "nothing.git").as_uri()
    assert code_of(check_repository(machine.layout, order(url)), url) == "folder_empty"


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("https://no-such-host.invalid/x.git", "host_not_found"),
        ("http://127.0.0.1:1/x.git", "host_unreachable"),
        ("git@git.example:x.git", "ssh_key_needed"),
        ("ext::sh -c id", "repository_failed"),
    ],
)
def test_an_address_that_leads_nowhere_is_named(machine: Machine, url: str, code: str) -> None:
    assert code_of(check_repository(machine.layout, order(url)), url) == code


def test_a_login_is_needed_refused_or_accepted_and_never_shown(
    machine: Machine, repository: Repository
) -> None:
    with served_with_login(repository, TOKEN) as (url, _):
        without = check_repository(machine.layout, order(url))
        wrong = check_repository(machine.layout, order(url, token="ghp_wrong-one"))
        right = check_repository(machine.layout, order(url, token=TOKEN))
    assert code_of(without, url) == "login_needed"
    assert code_of(wrong, url, "ghp_wrong-one") == "login_refused"
    assert "ghp_" not in wrong.details
    assert right.state == "reached"


def test_a_server_that_says_nothing_costs_the_time_limit(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repository_checks, "TIMEOUT_SECONDS", 0.5)
    with silent_server() as (url, _):
        answer = check_repository(machine.layout, order(url))
    assert code_of(answer, url) == "check_timed_out"


def test_a_machine_runs_two_checks_at_once_and_refuses_more(machine: Machine) -> None:
    answers: list[RepositoryChecked] = []
    ended = threading.Semaphore(0)

    def send(answer: RepositoryChecked) -> None:
        answers.append(answer)
        ended.release()

    checks = RepositoryChecks(machine.layout, send)
    with silent_server() as (url, wait_for_guest):
        for _ in range(2):
            checks.start(order(url))
            wait_for_guest()
        checks.start(order(url))
        assert ended.acquire(timeout=30)
        assert [answer.state for answer in answers] == ["busy"]
        checks.close()
        assert ended.acquire(timeout=30)
        assert ended.acquire(timeout=30)
