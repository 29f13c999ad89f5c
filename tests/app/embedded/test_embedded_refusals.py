"""Embedded servers where something is in the way: root, ports, disks, other people's data."""

import contextlib
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.embedded import EmbeddedError, accounts, ports, start
from tests.app.embedded.embedded_clients import (
    ROOT,
    carry_binaries,
    eventually,
    foreground,
    query,
    running_with,
    valkey,
)

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@as_root
def test_under_root_a_home_that_only_root_enters_works_and_stays_closed(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    for _ in ("first", "second"):
        with start(closed / "home") as services:
            assert query(services.database_url, "SELECT 1") == [(1,)]
            with valkey(services.redis_url) as client:
                assert client.bgrewriteaof()
            owners = {
                Path(f"/proc/{process.pid}").stat().st_uid
                for process in services.processes.values()
            }
            assert 0 not in owners
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


@as_root
@pytest.mark.parametrize("home_is_open", [True, False], ids=["copied into home", "into temporary"])
def test_under_root_binaries_that_only_root_reaches_are_copied(
    home_is_open: bool, directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site"
    carry_binaries(site)
    tmp_path.chmod(0o700)
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setattr(tempfile, "tempdir", str(directory))
    home = directory / "home" if home_is_open else tmp_path / "home"
    with start(home) as services:
        assert query(services.database_url, "SELECT 1") == [(1,)]
        used = os.readlink(f"/proc/{services.processes['postgres'].pid}/exe")
    assert used.startswith(str(directory))
    assert (home / "binaries").exists() is home_is_open
    library = Path(used).parents[1] / "lib" / "pg_trgm.so"
    library.unlink()
    with start(home) as services:  # a damaged copy is replaced
        assert library.exists()
        assert query(services.database_url, "SELECT similarity('a', 'a')") == [(1.0,)]


def reachable_python() -> str | None:
    for name in ("python3.13", "python3.12", "python3.11", "python3"):
        path = shutil.which(name, path="/usr/local/bin:/usr/bin")
        if path and ROOT.stat().st_mode & stat.S_IXOTH:
            result = subprocess.run(
                [path, "-c", "import sys, ctypes; print(sys.version_info >= (3, 11))"],
                capture_output=True,
                text=True,
                user="nobody",
                check=False,
            )
            if result.stdout.strip() == "True":
                return path
    return None


@as_root
def test_an_ordinary_user_needs_nothing_special(directory: Path) -> None:
    python = reachable_python()
    if python is None:
        pytest.skip("no Python 3.11+ that an ordinary user of this machine gets to")
    site = directory / "site"
    shutil.copytree(ROOT / "app" / "embedded", site / "app" / "embedded")
    carry_binaries(site)
    home = directory / "home"
    home.mkdir()
    shutil.chown(home, "nobody", "nogroup")
    ordinary = {"user": "nobody", "group": "nogroup", "extra_groups": [], "cwd": site}
    environment = {"PYTHONPATH": str(site), "MUSTER_EMBEDDED_FSYNC": "off", "PATH": "/usr/bin:/bin"}
    for turn in ("first", "second"):
        with foreground(home, python, env=environment, **ordinary) as (process, address):
            query(address["DATABASE_URL"], f"CREATE TABLE {turn} ()")
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=20) == 0
    assert running_with(str(home)) == []
    # Afterwards root can use it without changing its owner.
    with start(home) as services:
        assert query(services.database_url, "SELECT to_regclass('second') IS NULL") == [(False,)]
    assert (home / "postgres" / "data").stat().st_uid == home.stat().st_uid


def test_a_taken_valkey_port_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        monkeypatch.setenv("MUSTER_VALKEY_PORT", str(port))
        with pytest.raises(EmbeddedError, match=f"^port {port} is in use: .*MUSTER_VALKEY_PORT"):
            start(home)
    assert running_with(str(home)) == []
    with start(home, database_url="postgresql://elsewhere") as services:
        assert services.database_url == "postgresql://elsewhere"
        assert services.redis_url.endswith(f":{port}/0")


def test_a_port_that_another_process_took_first_is_given_up(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = ports.find_free_port
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taken = iter([listener.getsockname()[1]])
        monkeypatch.setattr(ports, "find_free_port", lambda: next(taken, None) or free())
        with start(home) as services, valkey(services.redis_url) as client:
            assert client.ping()


@pytest.mark.parametrize("text", ["http", "0", "70000", "-1"])
def test_a_port_that_is_none_is_refused(home: Path, text: str) -> None:
    with pytest.raises(EmbeddedError, match="MUSTER_VALKEY_PORT isn't a port number"):
        start(home, env={"MUSTER_VALKEY_PORT": text})


@pytest.mark.parametrize(
    ("version", "remedy"), [("99", "upgrade Muster"), ("9.6", "dump the database"), ("17", "dump")]
)
def test_data_of_another_postgresql_is_left_alone(
    new_home: Path, version: str, remedy: str
) -> None:
    data = data_of(new_home, f"{version}\n".encode())
    with pytest.raises(EmbeddedError, match=f"belongs to PostgreSQL {version} .*{remedy}"):
        start(new_home)
    assert [path.name for path in data.iterdir()] == ["PG_VERSION"]


@pytest.mark.parametrize("content", [b"", b"9" * 5000, b"18 \x1b]2;title\x07", b"\xff\xfe"])
def test_a_version_that_is_none_is_not_repeated(new_home: Path, content: bytes) -> None:
    data_of(new_home, content)
    with pytest.raises(EmbeddedError, match="PostgreSQL from an unknown release and this Muster"):
        start(new_home, redis_url="redis://unused")


def data_of(home: Path, version: bytes) -> Path:
    """A data directory that contains only a version."""
    data = home / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_bytes(version)
    if account := accounts.choose_account(data):
        os.chown(data.parent, account.uid, account.gid)
    return data


@contextlib.contextmanager
def small_disk(directory: Path) -> Iterator[Path]:
    place = directory / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=12m,mode=755", "tmpfs", place],
        capture_output=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip("may not mount a small disk here")
    try:
        yield place
    finally:
        subprocess.run(["umount", place], check=True)


@as_root
def test_a_full_disk_is_called_one(directory: Path) -> None:
    with small_disk(directory) as disk, pytest.raises(EmbeddedError, match="disk is full") as error:
        start(disk / "home")
    assert "\n" not in str(error.value)


def test_a_home_that_cannot_be_made_is_named(directory: Path) -> None:
    (directory / "file").touch()
    with pytest.raises(EmbeddedError, match=r"can't use .*/file.*MUSTER_HOME"):
        start(directory / "file" / "home")


def test_the_command_reports_an_error_in_one_line_and_exits_with_1(directory: Path) -> None:
    (directory / "file").touch()
    result = subprocess.run(
        [sys.executable, "-m", "app.embedded", "--home", str(directory / "file")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert result.stderr.startswith("can't use")
    assert result.stderr.count("\n") == 1


def test_the_command_ends_with_an_error_when_a_server_does(home: Path) -> None:
    with foreground(home) as (process, address):
        pid = int((home / "postgres" / "data" / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGKILL)
        assert process.wait(timeout=20) == 1
        assert process.stdout is not None
        assert "postgres exited" in process.stdout.read()
    assert eventually(lambda: running_with(str(home)) == [])
    assert "muster" in address["DATABASE_URL"]
