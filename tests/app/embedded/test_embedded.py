"""Both servers, really started."""

import os
import shutil
import signal
import stat
import subprocess
import threading
import time
from pathlib import Path

import psycopg2
import pytest
import redis

from app.embedded import EmbeddedError, start
from app.embedded.postgres import SOCKET
from tests.app.embedded.embedded_clients import (
    ROLES,
    foreground,
    is_running,
    logs_in,
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


@as_root
def test_each_account_is_let_in_as_one_role(home: Path) -> None:
    data = home / "postgres" / "data"
    (data / "pg_hba.conf").write_text("local all all trust\n")  # as an earlier release had it
    with start(home) as services:
        let_in = {
            account: [role for role in ROLES if logs_in(account, services.database_url, role)]
            for account in (data.stat().st_uid, os.geteuid())
        }
    assert let_in == {data.stat().st_uid: ["postgres"], os.geteuid(): ["muster"]}


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


def test_an_interrupted_first_start_is_repeated(home: Path) -> None:
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
        os.kill(session, signal.SIGSTOP)  # so that it keeps the shared memory for a while
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
