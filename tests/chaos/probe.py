"""The stage of a chaos run: it works, prints, and notes elsewhere what it really did.

`probe.py NOTES` gets what to do in MUSTER_DESCRIPTION (see plan.py). Whatever becomes of Muster,
the notes in that directory are true: they are written with one `write` each, by whoever is alive.
Standard library only, and run by whatever python3 a machine has.
"""

import json
import os
import random
import signal
import sys
import threading
import time
import tty
from typing import Any, NoReturn

BEAT = 0.1
CHUNK = 4096
SECRET_START = b"chaos-secret-"  # the beginning of the project's secret, never all of it


def boot() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Notes:
    """The notes of one process."""

    def __init__(self, directory: str, role: str) -> None:
        known = (os.environ["MUSTER_TASK_ID"], os.environ["MUSTER_ATTEMPT"], STAGE)
        # Not our pid: in a room another run may have the same.
        number = str(random.SystemRandom().getrandbits(62))
        self.name = os.path.join(directory, "-".join([*known, number, role]))
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND
        self._file = os.open(self.name + ".notes", flags, 0o644)

    def write(self, what: str, **about: object) -> None:
        line = json.dumps({"what": what, "at": boot(), **about}) + "\n"
        os.write(self._file, line.encode())

    def beat_on(self) -> NoReturn:
        while True:
            self.write("beat")
            time.sleep(BEAT)


STAGE = os.environ.get("MUSTER_STAGE", "0").removeprefix("s")


def main(directory: str) -> int:
    todo = json.loads(os.environ["MUSTER_DESCRIPTION"])["stages"][int(STAGE)]
    if todo.get("deaf"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if todo.get("leaves"):
        leave_one(directory)
    notes, mark = start_notes(directory)
    threading.Thread(target=notes.beat_on, daemon=True).start()
    leave_mark(mark)
    if os.isatty(1):
        tty.setraw(1)  # the terminal is to pass every byte as it is
    ended = boot() + todo["seconds"]
    print_all(notes, todo)
    while (left := ended - boot()) > 0:
        time.sleep(min(left, 0.5))
    attempt = int(os.environ["MUSTER_ATTEMPT"])
    code = int(todo.get("exit", 0)) if attempt <= todo.get("fails", 0) else 0
    notes.write("end", exit=code)
    return code


def start_notes(directory: str) -> tuple[Notes, str]:
    """The notes of a stage's command that has begun, and a mark that no other has."""
    notes = Notes(directory, "leader")
    mark = f"{os.path.basename(notes.name)}-{random.SystemRandom().getrandbits(64):x}"
    notes.write(
        "start",
        pid=os.getpid(),
        group=os.getpgid(0),
        session=os.getsid(0),
        namespace=os.stat("/proc/self/ns/pid").st_ino,
        place=os.environ["MUSTER_SHIM"],  # on the host; where we are is /workspace everywhere
        mark=mark,
        choice=os.environ["MUSTER_CHOICE"],
        input=os.environ["MUSTER_INPUT"],
        request=json.loads(os.environ["MUSTER_DESCRIPTION"])["request"],
        round=int(os.environ["MUSTER_ROUND"]),
    )
    return notes, mark


def leave_mark(mark: str) -> None:
    os.makedirs("chaos", exist_ok=True)
    with open(f"chaos/{STAGE}", "w") as file:
        file.write(mark)


def print_all(notes: Notes, todo: dict[str, Any]) -> None:
    """A byte is noted as meant before it is printed, and as printed after."""
    rng = random.Random(f"{todo['seed']}-{os.getpid()}")
    left, printed = todo["bytes"], 0
    pause = todo["seconds"] / max(1, left // CHUNK) / 2
    kept = os.open(notes.name + ".out", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    while left > 0:
        piece = invented(rng, min(left, CHUNK))
        left -= len(piece)
        os.write(kept, piece)
        rest = piece
        while rest:
            written = os.write(1, rest)
            printed += written
            rest = rest[written:]
            notes.write("printed", upto=printed)
        time.sleep(pause)
    os.close(kept)


def invented(rng: random.Random, size: int) -> bytes:
    """Bytes of a kind that somebody might trip over."""
    kind = rng.randrange(6)
    if kind == 0:
        return rng.randbytes(size)
    if kind == 1:
        return b"x" * size  # a long line, once several follow each other
    if kind == 2:
        return ("\x1b[31mred\x1b[0m \x1b[2J\x1b[1;1H\x1b]0;title\x07" * size).encode()[:size]
    if kind == 3:
        return ("grüße 日本語 " * size).encode()[:size]  # cut anywhere, also within a letter
    if kind == 4:
        return (SECRET_START + b"\r\n") * max(1, size // 15)
    return (b"line %d\n" % rng.randrange(10**6)) * max(1, size // 12)


def leave_one(directory: str) -> None:
    """A process in a session of its own, as a careless agent leaves them; it does not hear TERM."""
    if os.fork():
        return
    os.setsid()
    if os.fork():
        os._exit(0)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    for number in range(3):
        os.close(number)
    notes = Notes(directory, "child")
    notes.write("start", pid=os.getpid(), group=os.getpgid(0), session=os.getsid(0))
    notes.beat_on()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
