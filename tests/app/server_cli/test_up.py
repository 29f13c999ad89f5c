"""What `up` prints of its admin, and the sessions that it leaves."""

import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.server_cli import up
from app.server_cli.local import paths
from app.server_cli.local.errors import OperateError
from app.server_cli.local.machines import LocalMachine
from app.server_cli.local.screen import Screen

URL = "http://127.0.0.1:9000"


@pytest.fixture
def out() -> io.StringIO:
    return io.StringIO()


def make_admin(out: io.StringIO, chosen: str | None, *, is_new: bool = True) -> up.FirstAdmin:
    first = up.FirstAdmin(Screen(out), chosen)
    first.is_new = is_new
    return first


@pytest.mark.parametrize("is_new", [True, False])
@pytest.mark.parametrize("chosen", [None, "a password of one's own"])
def test_a_password_is_shown_only_if_it_is_new_and_generated(
    chosen: str | None, out: io.StringIO, *, is_new: bool
) -> None:
    first = make_admin(out, chosen, is_new=is_new)
    first.show(URL)
    lines = out.getvalue().strip().splitlines()
    assert lines[0].split() == ["Console", f"{URL}/"]
    assert lines[1].split() == ["User", "admin"]
    assert (first.password in out.getvalue()) == (is_new and chosen is None)
    assert lines[-1] == "  Next: sign in there and follow “Getting started”."


def test_a_generated_password_is_shown_once_also_after_a_problem(out: io.StringIO) -> None:
    first = make_admin(out, None)
    first.show_unseen_password()
    assert out.getvalue().count(first.password) == 1
    first.show(URL)
    shown = out.getvalue()
    first.show_unseen_password()
    assert out.getvalue() == shown


@pytest.mark.parametrize(("chosen", "is_new"), [("a password of one's own", True), (None, False)])
def test_no_other_password_is_shown_after_a_problem(
    chosen: str | None, out: io.StringIO, *, is_new: bool
) -> None:
    make_admin(out, chosen, is_new=is_new).show_unseen_password()
    assert out.getvalue() == ""


def test_its_own_session_ends_even_after_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def send(_client: Any, method: str, path: str, _body: Any) -> dict[str, str]:
        asked.append(f"{method} {path}")
        return {"accessToken": "a", "refreshToken": "r"}

    monkeypatch.setattr(up.ApiClient, "_send", send)
    stack: Any = SimpleNamespace(url=URL)
    with up._signed_in(stack, "password") as api:
        api.get("/api/web/machines")
    with pytest.raises(OperateError), up._signed_in(stack, "password"):
        raise OperateError
    login, logout = "POST /api/auth/login", "POST /api/auth/logout"
    assert asked == [login, "GET /api/web/machines", logout, login, logout]


def test_machines_accept_repositories_of_the_home_and_of_a_named_directory(tmp_path: Path) -> None:
    own = tmp_path / "repositories"
    assert paths.repository_directories(tmp_path, {}) == [own]
    named = {"MUSTER_REPOSITORIES": str(tmp_path)}
    assert paths.repository_directories(tmp_path, named) == [own, tmp_path]
    with pytest.raises(OperateError, match="MUSTER_REPOSITORIES isn't a directory"):
        paths.repository_directories(tmp_path, {"MUSTER_REPOSITORIES": str(tmp_path / "none")})


def test_a_local_machine_is_started_with_these_directories(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MUSTER_REPOSITORIES", str(tmp_path))
    monkeypatch.setattr(LocalMachine, "_set_server_url", lambda _: None)
    started: list[list[str]] = []
    stack: Any = SimpleNamespace(
        home=tmp_path, launch=lambda _, argv, *__, **___: started.append(argv)
    )
    LocalMachine(stack, tmp_path / "machines", 1).start()
    [argv] = started
    roots = [argv[n + 1] for n, word in enumerate(argv) if word == "--file-root"]
    assert roots == [str(tmp_path / "repositories"), str(tmp_path)]
