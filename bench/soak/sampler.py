"""Samples of a stack's resources: memory, descriptors, files, keys, rows."""

import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil
import redis
from sqlalchemy import create_engine, text

from bench.soak.verdicts import Line, Unit
from tests.chaos.world import SERVERS, World

Sample = dict[Line, float]

# Tables with temporary rows, and the rows of others that must not accumulate.
ROWS = {
    "idempotency_keys": "SELECT count(*) FROM idempotency_keys",
    "logins": "SELECT count(*) FROM logins",
    "refresh_tokens": "SELECT count(*) FROM refresh_tokens",
}
COUNTS = {
    "task_status_changes": "SELECT count(*) FROM task_status_changes",
    "server_processes": "SELECT count(*) FROM server_processes",
    "machine_heartbeats": "SELECT count(*) FROM machine_heartbeats",
    "attempts that live": "SELECT count(*) FROM attempts WHERE ended_at IS NULL",
    "attempts with a slot": "SELECT count(*) FROM attempts WHERE has_slot",
    "attempts not forgotten": "SELECT count(*) FROM attempts WHERE forgotten_at IS NULL",
    "connections": "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'muster'",
}
# Their age columns.
_TIMES = {
    "idempotency_keys": ("created_at",),
    "logins": ("expires_at", "ended_at"),
    "refresh_tokens": ("expires_at",),
}
_ANONYMOUS = re.compile(r"^Pss_Anon:\s+(\d+) kB", re.MULTILINE)
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{16,}|\d+")
_JOURNAL = 5 << 19  # bytes: it's compacted at 1 MiB, or at twice its last compacted size
_KINDS = ("attempts", "workspaces", "homes", "identities", "mirrors")


class Sampler:
    """Samples a running stack. Call `close` at the end."""

    def __init__(self, world: World) -> None:
        self._world = world
        engine = create_engine(world.stack.env["DATABASE_URL"], isolation_level="AUTOCOMMIT")
        self._database = engine.connect()
        self._redis = redis.Redis.from_url(world.stack.env["REDIS_URL"])

    def close(self) -> None:
        self._database.close()
        self._redis.close()

    def sample(self) -> Sample:
        found: Sample = {}
        for role, processes in self._roles():
            _sample_process(found, role, processes)
        self._sample_web_workers(found)
        # Backends keep every file open that they have read, a bounded number.
        del found[Line("postgres: descriptors", Unit.COUNT)]
        self._sample_processes(found)
        self._sample_machines(found)
        self._sample_redis(found)
        self._sample_database(found)
        _measure(found, "counts for /metrics", [self._world.stack.home / "metrics"])
        return found

    def age(self, hours: int) -> None:
        """Age all rows of ROWS by that time."""
        for table, columns in _TIMES.items():
            earlier = ", ".join(f"{c} = {c} - interval '{hours:d} hours'" for c in columns)
            self._database.execute(text(f"UPDATE {table} SET {earlier}"))

    def left_on_machines(self) -> int:
        """Count attempts' directories and shims."""
        kinds = ("attempts", "workspaces", "homes", "identities")
        kept = sum(len(_entries(directory)) for directory in self._directories(*kinds))
        return kept + self._shims()

    # Processes

    def _roles(self) -> Iterator[tuple[str, Sequence[psutil.Process]]]:
        for name, child in self._world.stack.processes.items():
            parent = psutil.Process(child.pid)
            below = sorted(parent.children(), key=lambda process: process.create_time())
            if name == "postgres":
                yield name, [parent, *below]
                continue
            yield name, [parent]
            if name in (*SERVERS, "celery"):
                for number, process in enumerate(below, start=1):
                    yield f"{name} child {number}", [process]

    def _sample_web_workers(self, found: Sample) -> None:
        """Sum over web workers, because machines connect to random ones."""
        for what in ("descriptors", "sockets", "threads"):
            those = [
                line for line in found if re.fullmatch(rf"gunicorn.* child .*: {what}", line.name)
            ]
            found[Line(f"web workers: {what}", Unit.COUNT)] = sum(found.pop(line) for line in those)

    def _sample_processes(self, found: Sample) -> None:
        everyone = psutil.Process(os.getpid()).children(recursive=True)
        states = Counter(_state(process) for process in everyone)
        shims = self._shims()
        found[Line("processes", Unit.COUNT)] = len(everyone) + shims
        found[Line("zombies", Unit.COUNT)] = states[psutil.STATUS_ZOMBIE]
        found[Line("shims", Unit.COUNT)] = shims

    def _shims(self) -> int:
        return sum(len(machine.shims()) for machine in self._world.machines)

    # Machines

    def _sample_machines(self, found: Sample) -> None:
        for kind in _KINDS:
            directories = self._directories(kind)
            entries = sum(len(_entries(directory)) for directory in directories)
            found[Line(f"{kind} on machines", Unit.COUNT)] = entries
        _measure(found, "attempts on machines", self._directories("attempts"))
        sizes = [sum(_files(directory)) for directory in self._directories("journal")]
        beyond = sum(max(0, size - _JOURNAL) for size in sizes)
        found[Line("journals beyond what each may be", Unit.DISK)] = beyond / 1024

    def _directories(self, *kinds: str) -> list[Path]:
        layouts = [machine.layout for machine in self._world.machines]
        return [getattr(layout, kind) for kind in kinds for layout in layouts]

    # Servers

    def _sample_redis(self, found: Sample) -> None:
        info = self._redis.info()
        found[Line("valkey: its own count", Unit.KIB)] = info["used_memory"] / 1024
        found[Line("valkey: clients", Unit.COUNT)] = info["connected_clients"]
        for form, number in Counter(_form(key) for key in self._redis.scan_iter(count=500)).items():
            found[Line(f"keys {form}", Unit.COUNT)] = number

    def _sample_database(self, found: Sample) -> None:
        for unit, queries in ((Unit.ROWS, ROWS), (Unit.COUNT, COUNTS)):
            for name, query in queries.items():
                found[Line(name, unit)] = self._database.execute(text(query)).scalar_one()


def _sample_process(found: Sample, role: str, processes: Sequence[psutil.Process]) -> None:
    held: Counter[Line] = Counter()
    for process in processes:
        try:
            held[Line(f"{role}: memory", Unit.KIB)] += _own_memory(role, process)
            held[Line(f"{role}: descriptors", Unit.COUNT)] += process.num_fds()
            held[Line(f"{role}: sockets", Unit.COUNT)] += _sockets(process.pid)
            held[Line(f"{role}: threads", Unit.COUNT)] += process.num_threads()
        except (psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
            continue
    found |= held


def _own_memory(role: str, process: psutil.Process) -> int:
    """Return a process's memory in KiB. For Postgres only anonymous memory: shared buffers have a
    fixed size, and a page counts as unique to the first backend that touches it.
    """
    if role != "postgres":
        return int(process.memory_full_info().uss) // 1024
    found = _ANONYMOUS.search(Path(f"/proc/{process.pid}/smaps_rollup").read_text())
    return int(found[1]) if found else 0  # zombies have none


def _sockets(pid: int) -> int:
    found = 0
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found += str(link.readlink()).startswith("socket:")
        except FileNotFoundError:
            continue
    return found


def _state(process: psutil.Process) -> str:
    try:
        return str(process.status())
    except psutil.NoSuchProcess:
        return ""


def _form(key: bytes) -> str:
    """Return a key without its numbers."""
    return _ID.sub("*", key.decode(errors="replace"))


def _measure(found: Sample, name: str, directories: Sequence[Path]) -> None:
    files = [file for directory in directories for file in _files(directory)]
    found[Line(f"{name}: files", Unit.COUNT)] = len(files)
    found[Line(f"{name}: bytes", Unit.DISK)] = sum(files) / 1024


def _files(directory: Path) -> Iterator[int]:
    """Sum the sizes of all files below, while others create and remove them."""
    for place, _, names in os.walk(directory):
        for name in names:
            try:
                yield os.lstat(os.path.join(place, name)).st_size
            except FileNotFoundError:
                continue


def _entries(directory: Path) -> list[str]:
    return os.listdir(directory) if directory.exists() else []
