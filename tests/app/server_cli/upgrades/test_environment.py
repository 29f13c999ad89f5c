"""The commands that create a release's environment."""

import os
from pathlib import Path

import pytest

from app.server_cli.backups import passphrase
from app.server_cli.upgrades import environment
from app.server_cli.upgrades.wheel import Wheel


def test_what_packages_run_while_they_are_installed_has_no_passphrase(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(passphrase.VARIABLE, "correct horse battery staple")
    monkeypatch.setenv("UV_INDEX_URL", "https://index.example.org/")
    seen = f'test -z "${{{passphrase.VARIABLE}+set}}" -a -n "$UV_INDEX_URL"'
    environment._run(["sh", "-c", seen], tmp_path)


def test_it_is_on_disk_before_it_is_said_to_be_complete_and_then_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    complete = tmp_path / "0.2.0" / environment.COMPLETE_MARKER
    synced: list[bool] = []

    def begin(place: Path) -> list[str]:
        place.mkdir()
        return []

    monkeypatch.setattr(environment, "_create_empty", begin)
    monkeypatch.setattr(environment, "_run", lambda *_: None)
    monkeypatch.setattr(environment, "unpack_bundled", lambda *_: [])
    monkeypatch.setattr(os, "sync", lambda: synced.append(complete.exists()))
    wheel = Wheel(Path("/new.whl"), "0.2.0", "client", "ab")
    environment.create_environment(complete.parent, wheel)
    environment.create_environment(complete.parent, wheel)
    assert (synced, complete.exists()) == ([False], True)
    environment.mark_incomplete(complete.parent)
    environment.create_environment(complete.parent, wheel)
    assert synced == [False, False]
