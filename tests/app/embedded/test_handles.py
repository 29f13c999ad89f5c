"""What another account puts into its directory leads root nowhere."""

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.embedded import EmbeddedError, accounts, handles
from app.embedded.handles import DirectoryHandle

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can work for another user")
NOBODY = accounts.find_account("nobody")
HELD = "canary: root's"


@pytest.fixture
def theirs(directory: Path) -> Iterator[DirectoryHandle]:
    """A directory of user nobody, in which root works."""
    with (
        handles.open_directory(directory) as above,
        above.private_directory("theirs", NOBODY) as opened,
    ):
        yield opened


@pytest.fixture
def secret(directory: Path) -> Path:
    made = directory / "secret"
    made.write_text(HELD)
    made.chmod(0o600)
    return made


def link(path: Path, secret: Path) -> None:
    path.symlink_to(secret)


def hard_link(path: Path, secret: Path) -> None:
    path.hardlink_to(secret)


def fifo(path: Path, _: Path) -> None:
    os.mkfifo(path)


def directory_(path: Path, _: Path) -> None:
    path.mkdir()


@as_root
@pytest.mark.parametrize("plant", [link, hard_link, fifo, directory_])
def test_what_is_no_file_of_theirs_is_not_read(
    theirs: DirectoryHandle, secret: Path, plant: Callable[[Path, Path], None]
) -> None:
    plant(theirs.path / "password", secret)
    with pytest.raises(EmbeddedError, match="password is a link, or doesn't belong to"):
        theirs.read("password")


def test_what_is_too_large_or_no_text_harms_nobody(directory: Path) -> None:
    path = directory / "postmaster.pid"
    with handles.open_directory(directory) as opened:
        path.write_bytes(b"12\n\xff\n" + b" " * (handles.MAX_TEXT_BYTES - 5))
        assert str(opened.read(path.name)).splitlines()[:2] == ["12", "\ufffd"]
        os.truncate(path, handles.MAX_TEXT_BYTES + 1)
        with pytest.raises(EmbeddedError, match="has more than 65536 bytes"):
            opened.read(path.name)


@as_root
@pytest.mark.parametrize("name", ["password", "password.new"])
@pytest.mark.parametrize("plant", [link, hard_link, fifo])
def test_what_is_written_is_a_new_file(
    theirs: DirectoryHandle, secret: Path, name: str, plant: Callable[[Path, Path], None]
) -> None:
    plant(theirs.path / name, secret)
    theirs.write("password", "new")
    status = (theirs.path / "password").lstat()
    assert stat.S_ISREG(status.st_mode)
    assert stat.S_IMODE(status.st_mode) == 0o600
    assert NOBODY is not None
    assert status.st_uid == NOBODY.uid
    assert theirs.read("password") == "new"
    assert (secret.read_text(), secret.stat().st_uid) == (HELD, 0)
    assert theirs.names() == ["password"]


@as_root
def test_a_link_is_no_directory(theirs: DirectoryHandle, directory: Path) -> None:
    (roots := directory / "roots").mkdir(0o755)
    (theirs.path / "data").symlink_to(roots)
    for take in (theirs.private_directory, theirs.directory):
        with pytest.raises(EmbeddedError, match="data is a link, and Muster follows"):
            take("data", NOBODY)
    status = roots.stat()
    assert (status.st_uid, stat.S_IMODE(status.st_mode)) == (0, 0o755)


@as_root
def test_a_directory_that_is_swapped_for_a_link_stays_the_one_that_was_opened(
    theirs: DirectoryHandle, directory: Path
) -> None:
    (roots := directory / "roots").mkdir()
    with theirs.private_directory("data", NOBODY) as data:
        (theirs.path / "data").rename(theirs.path / "moved")
        (theirs.path / "data").symlink_to(roots)
        data.write("pg_hba.conf", "rules")
    assert list(roots.iterdir()) == []
    assert (theirs.path / "moved" / "pg_hba.conf").read_text() == "rules"


@as_root
def test_another_users_directory_is_refused(theirs: DirectoryHandle) -> None:
    (theirs.path / "data").mkdir()
    os.chown(theirs.path / "data", 1, 1)
    for take in (theirs.private_directory, theirs.directory):
        with pytest.raises(EmbeddedError, match="data isn't a directory of user"):
            take("data", NOBODY)


@as_root
def test_a_link_at_its_end_opens_no_path(directory: Path) -> None:
    (directory / "real").mkdir()
    (directory / "link").symlink_to(directory / "real")
    with pytest.raises(NotADirectoryError):
        handles.open_directory(directory / "link")
    handles.open_directory(directory / "link" / ".." / "real").close()


@pytest.fixture
def ours(directory: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory of an ordinary user, who runs the engines and everything else."""
    (made := directory / "ours").mkdir()
    (directory / "disk").mkdir()
    if os.geteuid() == 0:
        assert NOBODY is not None
        for each in (made, directory / "disk"):
            os.chown(each, NOBODY.uid, NOBODY.gid)
        monkeypatch.setattr(os, "geteuid", lambda: NOBODY.uid)
    return made


def test_an_ordinary_user_s_own_links_are_followed(ours: Path) -> None:
    disk = ours.with_name("disk")
    for name in ("logs", "data"):
        (ours / name).symlink_to(disk)
    with handles.open_directory(ours) as above:
        for take in (above.private_directory, above.directory):
            with take("data", None) as data:
                data.write("PG_VERSION", "18")
        above.owner_only_directory("logs").close()
    assert [path.name for path in disk.iterdir()] == ["PG_VERSION"]
    with handles.open_directory(ours / "logs") as logs:
        assert logs.names() == ["PG_VERSION"]
    with handles.open_directory(ours) as above:
        above.remove_tree("logs")
        assert above.names() == ["data"]
    assert (disk / "PG_VERSION").exists()


@as_root
def test_a_link_in_a_directory_that_others_write_is_not_followed(ours: Path) -> None:
    (shared := ours.with_name("shared")).mkdir()
    (shared / "socket").symlink_to(ours)
    with handles.open_directory(shared) as above, pytest.raises(EmbeddedError, match="is a link"):
        above.private_directory("socket", None)
    with pytest.raises(NotADirectoryError):
        handles.open_directory(shared / "socket")


def test_a_guest_passes_through(directory: Path) -> None:
    guest = accounts.Account("us", os.geteuid(), os.getegid())
    with (
        handles.open_directory(directory) as above,
        above.private_directory("socket", None, guest) as made,
    ):
        assert stat.S_IMODE(made.path.stat().st_mode) == 0o710
    with (
        handles.open_directory(directory) as above,
        above.private_directory("socket", None) as made,
    ):
        assert stat.S_IMODE(made.path.stat().st_mode) == 0o700
