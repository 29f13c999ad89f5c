"""The command of the release that was installed first hands over to the one in use."""

import contextlib
import json
import os
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from app.server_cli.upgrades import handover


class Became(Exception):
    """Another program."""


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The release's, which an installation of this user's names."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "MUSTER_HOME", handover.HANDED_OVER):
        monkeypatch.delenv(name, raising=False)
    (made := tmp_path / "release" / "bin" / "muster-server").parent.mkdir(parents=True)
    made.touch()
    (named := tmp_path / ".config" / "muster" / "release").parent.mkdir(parents=True)
    named.with_name("muster.env").touch()
    named.write_text(json.dumps({"now": {"python": str(made.with_name("python"))}}))
    named.chmod(0o644)

    def become(path: Path, argv: list[str], env: dict[str, str]) -> NoReturn:
        raise Became(path, argv, env)

    monkeypatch.setattr(os, "execve", become)
    monkeypatch.setattr(sys, "argv", ["muster-server", "status", "--json"])
    monkeypatch.setattr(handover, "ROOT", tmp_path / "site-packages")
    return made


def test_it_becomes_the_release_with_all_words(program: Path) -> None:
    with pytest.raises(Became) as became:
        handover.exec_current_release()
    path, argv, env = became.value.args
    assert (path, argv) == (program, [str(program), "status", "--json"])
    assert env[handover.HANDED_OVER] == "1"


def test_never_twice(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(handover.HANDED_OVER, "1")
    handover.exec_current_release()
    assert handover.HANDED_OVER not in os.environ


def test_not_where_another_home_is_named(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSTER_HOME", "/elsewhere")
    handover.exec_current_release()


def test_not_from_a_checkout(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handover, "ROOT", tmp_path / "source")
    handover.exec_current_release()


def test_not_to_itself(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "prefix", str(program.parents[1]))
    handover.exec_current_release()


def test_not_to_what_is_gone(program: Path) -> None:
    program.unlink()
    handover.exec_current_release()


def test_not_to_what_anybody_else_could_have_named(program: Path, tmp_path: Path) -> None:
    (tmp_path / ".config" / "muster" / "release").chmod(0o664)
    handover.exec_current_release()
    assert not handover._is_trusted(os.stat_result((0o100644, 0, 0, 1, 12_345, 0, 0, 0, 0, 0)))
    assert handover._is_trusted(os.stat_result((0o100644, 0, 0, 1, 0, 0, 0, 0, 0, 0)))


def test_not_by_a_link_or_by_what_is_no_file(program: Path, tmp_path: Path) -> None:
    named = tmp_path / ".config" / "muster" / "release"
    named.rename(elsewhere := tmp_path / "elsewhere")
    named.symlink_to(elsewhere)
    handover.exec_current_release()
    named.unlink()
    os.mkfifo(named, 0o600)
    handover.exec_current_release()


@pytest.mark.parametrize("owner", [0, 12_345], ids=["root", "another"])
def test_root_in_the_home_of_another_goes_by_the_systems(
    owner: int, program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.stat
    place = tmp_path / ".config" / "muster"

    def stat(path: Path, **how: bool) -> os.stat_result:
        found = real(path, **how)
        return os.stat_result((*found[:4], owner, *found[5:])) if path == place else found

    monkeypatch.setattr(Path, "stat", stat)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(handover, "_is_trusted", lambda _: True)
    with pytest.raises(Became) if owner == 0 else contextlib.nullcontext():
        handover.exec_current_release()


@pytest.mark.parametrize("content", ["", "[]", '{"now": {"python": "bin/python"}}'])
def test_not_by_a_file_that_says_nothing(content: str, program: Path, tmp_path: Path) -> None:
    (tmp_path / ".config" / "muster" / "release").write_text(content)
    handover.exec_current_release()
