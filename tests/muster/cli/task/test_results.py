"""A task's diff on a terminal shows all its characters; files are written only to their paths."""

import secrets
from collections.abc import Iterable
from pathlib import Path

import click
import httpx
import pytest

from tests.muster.cli.shell import SERVER, Shell

PATCH = (
    "diff --git a/pay.js b/pay.js\n"
    "+if (admin\u202e \u2066// only\u2069) {\n"
    "+pass\u3164word\u115f = x\ufe0f\U000e0041\u2800\u200d\n"
    "+p\u0430ypal = is_\u03b1dmin\n"
    "+// one line\u2028 not two\x85, and 👩\u200d💻\n"
)
SHOWN = [
    "diff --git a/pay.js b/pay.js",
    "+if (admin⟨U+202E⟩ ⟨U+2066⟩// only⟨U+2069⟩) {",
    "+pass⟨U+3164⟩word⟨U+115F⟩ = x⟨U+FE0F⟩⟨U+E0041⟩⟨U+2800⟩⟨U+200D⟩",
    "+p\u0430ypal⟨Latn+Cyrl⟩ = is_\u03b1dmin⟨Latn+Grek⟩",
    "+// one line⟨U+2028⟩ not two, and 👩\u200d💻",
]


@pytest.mark.usefixtures("home")
def test_a_diff_hides_nothing_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    printed: list[str] = []

    def page(lines: Iterable[str]) -> None:
        printed.extend(click.unstyle(line) for line in lines)

    monkeypatch.setattr(click, "echo_via_pager", page)
    shell = Shell(lambda request: httpx.Response(200, text=PATCH))
    result = shell("--server", SERVER, "task", "diff", "7", is_terminal=True)
    assert result.status == 0, result.err
    assert printed == [f"{line}\n" for line in SHOWN]


@pytest.mark.usefixtures("home")
def test_a_file_is_written_through_no_link_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = tmp_path / "ours"
    ours.write_text("ours")
    shared = tmp_path / "shared"
    shared.mkdir()
    monkeypatch.setattr(secrets, "token_hex", lambda _: "guessed")
    guesses = [shared / name for name in ("7.cast", "7.cast.part", ".guessed.part")]
    for link in guesses:
        link.symlink_to(ours)
    shell = Shell(lambda request: httpx.Response(200, text="recorded"))
    argv = ("--server", SERVER, "task", "recording", "7", "-o", str(guesses[0]))
    result = shell(*argv)
    assert (result.status, ours.read_text()) == (1, "ours")
    assert "Can't write" in result.err
    guesses[2].unlink()
    assert shell(*argv).status == 0
    assert (guesses[0].is_symlink(), guesses[0].read_text()) == (False, "recorded")
    assert ours.read_text() == "ours"
    assert sorted(path.name for path in shared.iterdir()) == ["7.cast", "7.cast.part"]
