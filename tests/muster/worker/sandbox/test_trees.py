"""An agent's tree is removed, or changes owner, and nothing else is touched."""

import os
import stat
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from muster.worker.sandbox import trees
from tests.muster.worker import uids
from tests.muster.worker.repositories import as_root, root

__all__ = ["root"]

FIRST, SECOND = uids.OWN[-2:]
DEEP = 1_200  # longer than a path can be, more than a process may have open


@pytest.fixture
def outside(root: Path) -> Path:
    """Another user's files, outside of every tree."""
    directory = root / "outside"
    directory.mkdir()
    (directory / "kept").write_text("kept")
    return directory


@pytest.fixture
def tree(root: Path, outside: Path) -> Iterator[Path]:
    """As an agent may leave it, with another agent's help where there are several users."""
    made = root / "tree"
    made.mkdir()
    (made / "link").symlink_to(outside / "kept")
    (made / "directory").symlink_to(outside)
    (made / "dangling").symlink_to("/nowhere")
    os.mkfifo(made / "pipe")
    (made / "closed" / "in").mkdir(parents=True)
    (made / "closed" / "in" / "file").write_text("x")
    (made / "name\nwith \udcff bytes").write_text("x")
    deepen(made)
    give_all(made, FIRST)
    (made / "closed" / "in").chmod(0)
    (made / "closed").chmod(0)
    yield made
    subprocess.run(["rm", "-rf", "--", made], check=False)


def deepen(tree: Path) -> None:
    handle = os.open(tree, os.O_RDONLY)
    for _ in range(DEEP):
        os.mkdir("deeper", dir_fd=handle)
        below = os.open("deeper", os.O_RDONLY, dir_fd=handle)
        os.close(handle)
        handle = below
    os.mkfifo("pipe", dir_fd=handle)
    os.close(handle)


def give_all(tree: Path, owner: int) -> None:
    if os.geteuid() == 0:
        subprocess.run(["chown", "-Rh", f"{owner}:{owner}", tree], check=True)


def state(outside: Path) -> list[tuple[str, int, int, str]]:
    files = [outside, outside / "kept"]
    found = [(path.name, path.stat().st_mode, path.stat().st_uid) for path in files]
    return [(*each, (outside / "kept").read_text()) for each in found]


def test_a_tree_of_links_pipes_and_closed_directories_goes(tree: Path, outside: Path) -> None:
    before = state(outside)
    trees.remove(tree, tree.with_name("missing"))
    assert not os.path.lexists(tree)
    assert state(outside) == before


def test_what_its_owner_cannot_remove_goes_as_well(
    tree: Path, outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = state(outside)
    monkeypatch.setattr(trees, "_remove_as", lambda *_: None)
    trees.remove(tree)
    assert not os.path.lexists(tree)
    assert state(outside) == before


@as_root
def test_what_other_users_put_there_goes_too(tree: Path, outside: Path) -> None:
    theirs = tree / "theirs"
    (theirs / "full").mkdir(parents=True)
    (theirs / "full" / "file").write_text("x")
    give_all(theirs, SECOND)
    trees.remove(tree)
    assert not os.path.lexists(tree)


@as_root
def test_root_removes_nothing_itself_that_the_owner_can(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trees, "_empty_directory", lambda handle, deadline: os.close(handle))
    subprocess.run(["chmod", "-R", "u+rwX", tree], check=True)
    trees.remove(tree)
    assert not os.path.lexists(tree)


def test_a_link_in_the_place_of_a_tree_goes_alone(root: Path, outside: Path) -> None:
    (root / "tree").symlink_to(outside)
    trees.remove(root / "tree")
    assert not os.path.lexists(root / "tree")
    assert (outside / "kept").exists()


def swapped_before(
    monkeypatch: pytest.MonkeyPatch, name: str, swap: Callable[[], None]
) -> list[str]:
    """Does `swap` once, before the directory of that name is opened: another process's timing."""
    real, done = os.open, list[str]()

    def opens(path: str, flags: int, *more: int, dir_fd: int | None = None) -> int:
        if path == name and not done:
            done.append(name)
            swap()
        return real(path, flags, *more, dir_fd=dir_fd)

    monkeypatch.setattr(trees.os, "open", opens)
    return done


@pytest.fixture
def small(root: Path, outside: Path) -> Path:
    made = root / "small"
    (made / "victim" / "below").mkdir(parents=True)
    (made / "victim" / "below" / "file").write_text("x")
    give_all(made, FIRST)
    return made


def link_instead(small: Path, outside: Path) -> None:
    (small / "victim").rename(small / "moved")
    (small / "victim").symlink_to(outside)


@pytest.mark.parametrize("name", ["victim", ".."])
@pytest.mark.parametrize("act", ["remove", "give"])
def test_a_directory_that_is_swapped_meanwhile_leads_nowhere(
    small: Path, outside: Path, monkeypatch: pytest.MonkeyPatch, name: str, act: str
) -> None:
    if act == "give" and os.geteuid() != 0:
        pytest.skip("files change hands where the daemon is root")
    before = state(outside)

    def swap() -> None:
        if name == "victim":
            link_instead(small, outside)
        else:
            (small / "victim" / "below").rename(outside / "below")

    monkeypatch.setattr(trees, "_remove_as", lambda *_: None)
    swapped = swapped_before(monkeypatch, name, swap)
    with suppress(OSError):
        trees.remove(small) if act == "remove" else trees.chown_tree(small, SECOND)
    assert swapped
    assert state(outside) == before


@as_root
def test_a_tree_changes_hands_and_what_it_links_to_does_not(tree: Path, outside: Path) -> None:
    (tree / "of-root").write_text("x")
    before = state(outside)
    trees.chown_tree(tree, SECOND)
    trees.chown_tree(tree, SECOND)
    assert state(outside) == before
    found = subprocess.run(
        ["find", tree, "-not", "-uid", str(SECOND)], capture_output=True, text=True, check=True
    )
    assert found.stdout.split() == [str(tree / "of-root")]


@as_root
def test_a_name_that_changes_hands_meanwhile_changes_no_other_file(
    small: Path, outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The inspected file is the one given away, whatever has its name by then."""
    real = trees._change_owner

    def swap_first(handle: int, owner: int) -> None:
        if (small / "victim").is_dir() and not (small / "victim").is_symlink():
            link_instead(small, outside)
        real(handle, owner)

    before = state(outside)
    monkeypatch.setattr(trees, "_change_owner", swap_first)
    with pytest.raises(OSError):
        trees.chown_tree(small, SECOND)
    assert (small / "moved").stat().st_uid == SECOND
    assert state(outside) == before


def test_a_look_below_follows_no_link(root: Path, outside: Path) -> None:
    tree = root / "tree"
    (tree / "real").mkdir(parents=True)
    (tree / "real" / "link").symlink_to(outside / "kept")
    (tree / "link").symlink_to(outside)
    os.mkfifo(tree / "real" / "pipe")
    assert stat.S_ISLNK(trees.stat_below(tree, "real/link").st_mode)
    assert stat.S_ISFIFO(trees.stat_below(tree, "real/pipe").st_mode)
    for path in ("link/kept", "real/pipe/x", "missing"):
        with pytest.raises(OSError):
            trees.stat_below(tree, path)
