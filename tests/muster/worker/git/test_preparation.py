"""A workspace is created without the daemon's rights below anything that an attempt can write."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from muster.protocol.attempt_key import AttemptKey
from tests.muster.worker.repositories import act, any_machine, machine, repository, root

__all__ = ["any_machine", "machine", "repository", "root"]

TRAPS = {
    "a link": "ln -s {victim} .gitconfig; ln -s {victim} .git; ln -s {victim} .config",
    "a link into a directory": "ln -s {directory}/made .gitconfig; ln -s {directory} .git",
    "a pipe": "mkfifo .gitconfig .git .config",
    "a directory": "mkdir .gitconfig .git; chmod 0 .gitconfig",
    "a hard link": "echo mine > file; ln file .gitconfig; chmod 0 file",
}


@pytest.mark.parametrize("level", ["full", "processes", "none"])
@pytest.mark.parametrize("trap", TRAPS.values(), ids=TRAPS)
def test_a_home_that_passes_on_has_nothing_written_into_it(
    any_machine, repository, root: Path, trap: str, level: str
) -> None:
    """The attack: the first attempt leaves links where the daemon used to write."""
    any_machine.sandboxes = replace(any_machine.sandboxes, level=level)
    victim, directory = root / "victim", root / "directory"
    victim.write_text("the daemon's")
    directory.mkdir()
    first = any_machine.prepare(repository)
    act(first, f"cd {first.home}; {trap.format(victim=victim, directory=directory)}")
    before = names(first.home)
    passed = any_machine.prepare(repository, 7, 2, home_of=AttemptKey(7, 1))
    assert names(passed.home) == before
    assert victim.read_text() == "the daemon's"
    assert victim.lstat().st_uid == os.geteuid()
    assert list(directory.iterdir()) == []
    assert passed.run_git("rev-parse", "HEAD").strip() == passed.base_commit


def names(home: Path) -> list[tuple[str, int, int]]:
    found = sorted(os.scandir(home), key=lambda entry: entry.name)
    return [(e.name, e.inode(), e.stat(follow_symlinks=False).st_mode) for e in found]
