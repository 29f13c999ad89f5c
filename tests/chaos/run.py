"""What a stage says that it did."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Run:
    """One run of a stage, told by the stage itself.

    `beats` are moments at which one of its processes was alive. `printed` holds what it set out to
    print, of which the terminal is known to have taken `confirmed` bytes. `exit` is None where it
    did not come to its end. `mark` is what it left in its workspace. `led_until` is the last beat
    of its first process, `left` are those of the processes that this one left. `namespace` is the
    inode of the pid namespace they were in. `heard` is what its questions were answered, `request`
    and `round` are what it was told of its round. `replying` is what it set out to say in threads,
    `replied` what it was told was said, each with its thread's id. `read` are the messages
    that it was sent, `receipts` those of which it has told the runner. `is_working`: its agent has
    read its prompt. `decided` is what it was told of each action for which it `asked`: None, or why
    it must not; `cancelled` are those that it no longer wanted to do, `acted` is what it has done.
    `malformed` is what its agent doesn't understand.
    """

    task_id: int
    attempt: int
    stage: int
    pid: int
    place: str
    mark: str
    beats: list[float]
    printed: Path
    confirmed: int
    led_until: float
    left: list[float]
    exit: int | None = None
    choice: str = ""
    input: str = ""
    namespace: int = 0
    heard: tuple[str, ...] = ()
    request: str = ""
    round: int = 0
    replying: tuple[tuple[int, str], ...] = ()
    replied: tuple[tuple[int, str], ...] = ()
    is_working: bool = False
    read: tuple[str, ...] = ()
    receipts: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    decided: tuple[tuple[str, str | None], ...] = ()
    cancelled: tuple[str, ...] = ()
    acted: tuple[str, ...] = ()
    malformed: tuple[str, ...] = ()

    @property
    def began(self) -> float:
        return self.beats[0]

    @property
    def last(self) -> float:
        return self.beats[-1]

    def __str__(self) -> str:
        where = f"task {self.task_id}, attempt {self.attempt}, stage {self.stage}, pid {self.pid}"
        return f"{where} ({self.began:.2f} to {self.last:.2f}, {self.place})"
