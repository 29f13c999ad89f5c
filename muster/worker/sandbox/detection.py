"""How far this machine can contain attempts, and by which programs: found by trying."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from muster.protocol.frames import RoomLevel
from muster.worker.layout import Layout
from muster.worker.limits.limits import AttemptLimits
from muster.worker.sandbox import bubblewrap, interpreter, self_test
from muster.worker.sandbox.interpreter import Interpreter
from muster.worker.sandbox.mounts import RoomDirectory
from muster.worker.sandbox.sandboxes import LEVELS, USUAL, Rooms

log = logging.getLogger(__name__)

PYTHON_ADVICE = "install Python 3.11 or newer for all users (Debian: apt install python3)"


def detect(
    layout: Layout,
    *,
    most: RoomLevel = "full",
    limits: AttemptLimits = USUAL,
    directories: Sequence[RoomDirectory] = (),
    programs: Callable[[], Sequence[Path]] = tuple,
    bwrap: Path | None = None,
) -> Rooms:
    """The rooms that this machine can make, but none beyond `most`. Of the bubblewraps (`bwrap` is
    the operator's) and of the Pythons, the first with which a trial succeeds.

    A copy of our Python is made in the worker's home if nothing else will do. Raises OSError.
    """
    given = Rooms(layout, "none", (), limits, tuple(directories), programs)
    missing: list[str] = []
    for level in reversed(LEVELS[: LEVELS.index(most) + 1]):
        rooms = replace(given, level=level, lacks=tuple(missing))
        problems = []
        for made, maker in _makers(rooms, bwrap):
            problem = try_sandbox(made)
            if problem is None:
                return _with_python(made)
            problems.append((maker, problem))
        missing.append(_joined(problems))
    raise AssertionError("the last level needs nothing")


def try_sandbox(rooms: Rooms) -> str | None:
    """Why no room of this level can be made; None if one can. Raises OSError."""
    with rooms.trial_room() as room:
        return self_test.sandbox_problem(room)


def _makers(rooms: Rooms, chosen: Path | None) -> Iterator[tuple[Rooms, str]]:
    """The ways to make rooms of this level, with the name of what makes them."""
    if rooms.level != "full":
        yield rooms, ""
        return
    found = bubblewrap.candidates(chosen)
    for candidate in found:
        yield replace(rooms, bwrap=candidate.program), f"{candidate.origin} {candidate.program}"
    if not found:
        yield rooms, ""


def _joined(problems: Sequence[tuple[str, str]]) -> str:
    """The problems, each after what has it where there are several."""
    if len(problems) == 1:
        return problems[0][1]
    return "; ".join(f"{maker}: {problem}" for maker, problem in problems)


def _with_python(rooms: Rooms) -> Rooms:
    """With the first interpreter that attempts can run; else with ours, and why none can be."""
    problems = []
    with ExitStack() as held:
        for each in _interpreters(rooms.layout, held):
            found = replace(rooms, interpreter=each)
            with found.trial_room() as room:
                problem = self_test.python_problem(room)
            if problem is None:
                return found
            problems.append((str(each.program), problem))
    why = f"attempts can run no Python: {_joined(problems)}; {PYTHON_ADVICE}"
    return replace(rooms, python_missing=why)


def _interpreters(layout: Layout, held: ExitStack) -> Iterator[Interpreter]:
    """Ours, the system's, and at last a copy, where there is space for one."""
    yield interpreter.own()
    yield from interpreter.installed()
    directory = layout.interpreters
    if not directory.is_dir():  # nothing is enrolled here yet
        directory = Path(held.enter_context(TemporaryDirectory(prefix="muster-python-")))
        directory.chmod(0o755)
    try:
        yield from interpreter.copies(directory)
    except OSError as error:
        log.warning("the worker's Python cannot be copied for attempts: %s", error)
