"""Both servers, really started."""

import contextlib
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
import redis

from app.embedded import EmbeddedError, accounts, directories, ports, start
from app.embedded.postgres import SOCKET
from tests.app.embedded.embedded_clients import (
    ROOT,
    carry_binaries,
    eventually,
    foreground,
    is_running,
    query,
    running_with,
    valkey,
)

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


def test_a_second_start_finds_what_the_first_one_stored(new_home: Path) -> None:
    with start(new_home) as first:
        query(first.database_url, "CREATE TABLE kept AS SELECT 'größe' AS word")
        with valkey(first.redis_url) as client:
            client.set("kept", "yes")
    begun = time.monotonic()
    with start(new_home) as second:
        assert time.monotonic() - begun < 5
        assert query(second.database_url, "SELECT word FROM kept") == [("größe",)]
        with valkey(second.redis_url) as client:
            assert client.get("kept") == "yes"


def test_the_database_finds_words_of_any_language(home: Path) -> None:
    with start(home) as services:
        found = query(
            services.database_url,
            "SELECT similarity('größe', 'Größen') > 0.5, upper('ä'), show_trgm('日本') <> '{}', "
            "current_setting('server_encoding')",
        )
    assert found == [(True, "Ä", True, "UTF8")]


def test_data_is_durable_unless_told_otherwise(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MUSTER_EMBEDDED_FSYNC")
    shown = "SELECT current_setting('fsync'), current_setting('synchronous_commit')"
    with start(home) as services:
        assert query(services.database_url, shown) == [("on", "on")]
        with valkey(services.redis_url) as client:
            assert client.config_get("append*")["appendonly"] == "yes"
            assert client.config_get("append*")["appendfsync"] == "everysec"


def test_nobody_else_gets_to_the_database_or_sees_the_password(home: Path) -> None:
    with start(home) as services:
        where = home / "postgres" / "socket"
        assert stat.S_IMODE(where.stat().st_mode) == 0o700
        assert query(services.database_url, "SHOW listen_addresses") == [("",)]
        password = services.redis_url.split("@")[0].removeprefix("redis://:")
        kept = home / "valkey" / "password"
        assert kept.read_text() == password
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        for process in services.processes.values():
            shown = Path(f"/proc/{process.pid}/cmdline").read_bytes()
            shown += Path(f"/proc/{process.pid}/environ").read_bytes()
            assert password.encode() not in shown
        with (
            valkey(services.redis_url.replace(password, "guessed")) as stranger,
            pytest.raises(redis.AuthenticationError),
        ):
            stranger.ping()


def test_what_is_stored_is_not_in_a_log(home: Path) -> None:
    with start(home) as services:
        query(services.database_url, "CREATE TABLE guarded (word text UNIQUE, hash text)")
        stored = "INSERT INTO guarded VALUES ('planted-word', 'planted-hash')"
        query(services.database_url, stored)
        with pytest.raises(psycopg2.errors.UniqueViolation):
            query(services.database_url, stored)
        query(services.database_url, "SELECT pg_sleep(1.2), 'planted-slowly'")
    logged = (home / "logs/postgres.log").read_text()
    assert "duplicate key" in logged
    assert "planted" not in logged
    assert stat.S_IMODE((home / "logs").stat().st_mode) == 0o700


def test_stopping_leaves_no_process_and_no_lock(home: Path) -> None:
    services = start(home)
    pids = [process.pid for process in services.processes.values()]
    services.stop()
    services.stop()
    assert not any(is_running(pid) for pid in pids)
    assert running_with(str(home)) == []
    start(home).stop()


def test_two_homes_run_side_by_side(home: Path, directory: Path) -> None:
    subprocess.run(["cp", "-a", home, directory / "other"], check=True)
    with start(home) as a, start(directory / "other") as b:
        query(a.database_url, "CREATE TABLE only_in_a ()")
        assert query(b.database_url, "SELECT to_regclass('only_in_a')") == [(None,)]
        assert a.redis_url.split("@")[1] != b.redis_url.split("@")[1]


def test_one_home_takes_one_stack(home: Path) -> None:
    with start(home) as services:
        with pytest.raises(EmbeddedError, match=f"another stack .*process {os.getpid()}"):
            start(home)
        assert query(services.database_url, "SELECT 1") == [(1,)]


def test_after_kill_9_nothing_is_orphaned_and_the_data_is_there(home: Path) -> None:
    with foreground(home) as (parent, address):
        query(address["DATABASE_URL"], "CREATE TABLE outlived_parent AS SELECT 1 AS one")
        with valkey(address["REDIS_URL"]) as client:
            client.set("outlived_parent", "yes")
        orphans = [pid for pid in running_with(str(home)) if pid != parent.pid]
        assert len(orphans) >= 2
        parent.kill()
        # At once: it has to wait for the dying ones by itself.
        with start(home) as services:
            assert not any(is_running(pid) for pid in orphans)
            assert query(services.database_url, "SELECT one FROM outlived_parent") == [(1,)]
            with valkey(services.redis_url) as client:
                assert client.get("outlived_parent") == "yes"


def test_after_kill_9_of_everything_the_next_start_works(home: Path) -> None:
    services = start(home)
    query(services.database_url, "CREATE TABLE outlived_all AS SELECT 1 AS one")
    for process in services.processes.values():
        process.kill()
    services.stop()
    assert (home / "postgres" / "data" / "postmaster.pid").exists()
    with start(home) as again:
        assert query(again.database_url, "SELECT one FROM outlived_all") == [(1,)]


@as_root
def test_a_stale_pid_file_neither_blocks_the_start_nor_harms_who_has_that_pid_now(
    home: Path,
) -> None:
    services = start(home)
    owner = (home / "postgres" / "data").stat().st_uid
    services.processes["postgres"].kill()
    services.stop()
    pid_file = home / "postgres" / "data" / "postmaster.pid"
    stranger = subprocess.Popen(["sleep", "600"], user=owner)
    try:
        _, *rest = pid_file.read_text().splitlines()
        pid_file.write_text("\n".join([str(stranger.pid), *rest]) + "\n")
        with start(home) as again:
            assert query(again.database_url, "SELECT 1") == [(1,)]
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_first_start_that_was_cut_off_is_begun_anew(home: Path) -> None:
    half_made = home / "postgres" / "data.new" / "base"
    shutil.rmtree(home / "postgres" / "data")
    half_made.mkdir(parents=True)
    with start(home) as services:
        assert query(services.database_url, "SELECT 1") == [(1,)]
    assert not half_made.parent.exists()


def test_a_killed_server_comes_back_at_its_address(home: Path) -> None:
    with start(home) as services:
        addresses = services.database_url, services.redis_url
        query(services.database_url, "CREATE TABLE outlived_server AS SELECT 1 AS one")
        connection = psycopg2.connect(services.database_url.replace("+psycopg2", ""))
        for name in ("postgres", "valkey"):
            services.processes[name].kill()
            services.restart(name)
        connection.close()
        assert (services.database_url, services.redis_url) == addresses
        assert query(services.database_url, "SELECT one FROM outlived_server") == [(1,)]
        with valkey(services.redis_url) as client:
            assert client.ping()


def test_a_restart_waits_for_the_sessions_of_the_killed_server(home: Path) -> None:
    with start(home) as services:
        connection = psycopg2.connect(services.database_url.replace("+psycopg2", ""))
        session = connection.info.backend_pid
        os.kill(session, signal.SIGSTOP)  # so that it holds the shared memory for a while
        later = threading.Timer(0.5, os.kill, (session, signal.SIGCONT))
        later.start()
        services.processes["postgres"].kill()
        services.restart("postgres")
        later.join()
        connection.close()
        assert query(services.database_url, "SELECT 1") == [(1,)]


def test_a_home_with_a_long_path_works_too(home: Path, directory: Path) -> None:
    long = directory / ("long-" * 20) / ("longer-" * 10)
    long.parent.mkdir()
    subprocess.run(["cp", "-a", home, long], check=True)
    with start(long) as services:
        host = Path(services.database_url.partition("host=")[2])
        assert len(str(host / SOCKET)) <= 107
        assert stat.S_IMODE(host.stat().st_mode) == 0o700
        assert query(services.database_url, "SELECT 1") == [(1,)]
    assert not host.exists()


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
    with start(home) as services:  # a damaged copy is made anew
        assert library.exists()
        assert query(services.database_url, "SELECT similarity('a', 'a')") == [(1.0,)]


def reachable_python() -> str | None:
    for name in ("python3.13", "python3.12", "python3.11", "python3"):
        path = shutil.which(name, path="/usr/local/bin:/usr/bin")
        if path and ROOT.stat().st_mode & stat.S_IXOTH:
            told = subprocess.run(
                [path, "-c", "import sys, ctypes; print(sys.version_info >= (3, 11))"],
                capture_output=True,
                text=True,
                user="nobody",
                check=False,
            )
            if told.stdout.strip() == "True":
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
    # And root may look after it later without taking it away from its owner.
    with start(home) as services:
        assert query(services.database_url, "SELECT to_regclass('second') IS NULL") == [(False,)]
    assert (home / "postgres" / "data").stat().st_uid == home.stat().st_uid


def test_a_taken_valkey_port_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        monkeypatch.setenv("MUSTER_VALKEY_PORT", str(port))
        with pytest.raises(EmbeddedError, match=f"^port {port} is taken: .*MUSTER_VALKEY_PORT"):
            start(home)
    assert running_with(str(home)) == []
    with start(home, database_url="postgresql://elsewhere") as services:
        assert services.database_url == "postgresql://elsewhere"
        assert services.redis_url.endswith(f":{port}/0")


def test_a_port_that_somebody_else_took_first_is_given_up(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = ports.free
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taken = iter([listener.getsockname()[1]])
        monkeypatch.setattr(ports, "free", lambda: next(taken, None) or free())
        with start(home) as services, valkey(services.redis_url) as client:
            assert client.ping()


@pytest.mark.parametrize("text", ["http", "0", "70000", "-1"])
def test_a_port_that_is_none_is_refused(home: Path, text: str) -> None:
    with pytest.raises(EmbeddedError, match="MUSTER_VALKEY_PORT is no port number"):
        start(home, env={"MUSTER_VALKEY_PORT": text})


@pytest.mark.parametrize(
    ("version", "remedy"), [("99", "upgrade Muster"), ("9.6", "dump the database"), ("17", "dump")]
)
def test_data_of_another_postgresql_is_left_alone(
    new_home: Path, version: str, remedy: str
) -> None:
    data = new_home / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text(f"{version}\n")
    if account := accounts.choose(data):
        directories.own(data.parent, account)
    with pytest.raises(EmbeddedError, match=f"belongs to PostgreSQL {version} .*{remedy}"):
        start(new_home)
    assert [path.name for path in data.iterdir()] == ["PG_VERSION"]


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
    with small_disk(directory) as disk, pytest.raises(EmbeddedError, match="disk is full") as told:
        start(disk / "home")
    assert "\n" not in str(told.value)


def test_a_home_that_cannot_be_made_is_named(directory: Path) -> None:
    (directory / "file").touch()
    with pytest.raises(EmbeddedError, match=r"cannot use .*/file.*MUSTER_HOME"):
        start(directory / "file" / "home")


def test_the_command_reports_an_error_in_one_line_and_exits_with_1(directory: Path) -> None:
    (directory / "file").touch()
    told = subprocess.run(
        [sys.executable, "-m", "app.embedded", "--home", str(directory / "file")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 1
    assert told.stderr.startswith("cannot use")
    assert told.stderr.count("\n") == 1


def test_the_command_ends_with_an_error_when_a_server_does(home: Path) -> None:
    with foreground(home) as (process, address):
        pid = int((home / "postgres" / "data" / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGKILL)
        assert process.wait(timeout=20) == 1
        assert process.stdout is not None
        assert "postgres ended by itself" in process.stdout.read()
    assert eventually(lambda: running_with(str(home)) == [])
    assert "muster" in address["DATABASE_URL"]
