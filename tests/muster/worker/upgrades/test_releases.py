"""Whether a release could be run: shell scripts in place of its interpreter."""

import errno
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from muster.worker.upgrades import releases


def script(place: Path, text: str) -> Path:
    place.write_text(f"#!/bin/sh\n{text}\n")
    place.chmod(0o755)
    return place


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("exit 0", ""),
        ("echo first >&2; echo no such module >&2; exit 1", "no such module"),
        ("exit 3", "it exits with 3"),
    ],
    ids=["runs", "says why", "silent"],
)
def test_what_a_release_lacks_is_its_last_words(text: str, why: str, tmp_path: Path) -> None:
    assert releases.startup_problem(script(tmp_path / "python", text)) == why


def test_an_interpreter_that_has_gone_is_lacking(tmp_path: Path) -> None:
    assert "No such file" in releases.startup_problem(tmp_path / "python")


@pytest.mark.parametrize("text", ["sleep 60", "kill -9 $$"], ids=["is slow", "is killed"])
def test_what_the_machine_is_short_of_is_not_the_releases_lack(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(releases, "_START_TIMEOUT_SECONDS", 0.3 if "sleep" in text else 30.0)
    with pytest.raises(OSError, match=r"doesn't start|was killed"):
        releases.startup_problem(
            script(tmp_path / "python", f"exec {text}" if "sleep" in text else text)
        )


@pytest.mark.parametrize("number", [errno.EAGAIN, errno.ENOMEM, errno.EMFILE])
def test_nor_is_that_no_process_can_be_begun(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def short(*_: Any, **__: Any) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(subprocess, "run", short)
    with pytest.raises(OSError, match=os.strerror(number)):
        releases.startup_problem(tmp_path / "python")
