"""Test how far this machine can contain attempts, and with which programs."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from muster.protocol.frames import SandboxLevel
from muster.worker.layout import Layout
from muster.worker.limits.limits import AttemptLimits
from muster.worker.sandbox import bubblewrap, interpreter, self_test
from muster.worker.sandbox.interpreter import Interpreter
from muster.worker.sandbox.mounts import SandboxDirectory
from muster.worker.sandbox.sandboxes import DEFAULT_LIMITS, LEVELS, Sandboxes

log = logging.getLogger(__name__)

PYTHON_ADVICE = "install Python 3.11 or newer for all users (Debian: apt install python3)"


def detect(
    layout: Layout,
    *,
    most: SandboxLevel = "full",
    limits: AttemptLimits = DEFAULT_LIMITS,
    directories: Sequence[SandboxDirectory] = (),
    programs: Callable[[], Sequence[Path]] = tuple,
    bwrap: Path | None = None,
) -> Sandboxes:
    """Return the sandboxes that this machine can create, at `most` of that level. Uses the first of
    the bubblewraps (`bwrap` is the operator's) and of the Pythons with which a test succeeds.

    Copies our Python into the worker's home if nothing else works. Raises OSError.
    """
    given = Sandboxes(layout, "none", (), limits, tuple(directories), programs)
    missing: list[str] = []
    for level in reversed(LEVELS[: LEVELS.index(most) + 1]):
        rooms = replace(given, level=level, missing=tuple(missing))
        problems = []
        for made, maker in _sandbox_candidates(rooms, bwrap):
            problem = try_sandbox(made)
            if problem is None:
                return _choose_interpreter(made)
            problems.append((maker, problem))
        missing.append(_join_problems(problems))
    raise AssertionError("the last level needs nothing")


def try_sandbox(rooms: Sandboxes) -> str | None:
    """Return why no sandbox of this level can be created; None if one can. Raises OSError."""
    with rooms.temporary_sandbox() as room:
        return self_test.sandbox_problem(room)


def _sandbox_candidates(rooms: Sandboxes, chosen: Path | None) -> Iterator[tuple[Sandboxes, str]]:
    """Yield the ways to create sandboxes of this level, with the name of the program."""
    if rooms.level != "full":
        yield rooms, ""
        return
    found = bubblewrap.candidates(chosen)
    for candidate in found:
        yield replace(rooms, bwrap=candidate.program), f"{candidate.origin} {candidate.program}"
    if not found:
        yield rooms, ""


def _join_problems(problems: Sequence[tuple[str, str]]) -> str:
    """Join the problems, each with its source if there are several."""
    if len(problems) == 1:
        return problems[0][1]
    return "; ".join(f"{maker}: {problem}" for maker, problem in problems)


def _choose_interpreter(rooms: Sandboxes) -> Sandboxes:
    """Return the sandboxes with the first interpreter that attempts can run; else with ours, and
    the reason."""
    problems = []
    with ExitStack() as held:
        for each in _interpreter_candidates(rooms.layout, held):
            found = replace(rooms, interpreter=each)
            with found.temporary_sandbox() as room:
                problem = self_test.python_problem(room)
            if problem is None:
                return found
            problems.append((str(each.program), problem))
    why = f"attempts can't run any Python: {_join_problems(problems)}; {PYTHON_ADVICE}"
    return replace(rooms, python_missing=why)


def _interpreter_candidates(layout: Layout, held: ExitStack) -> Iterator[Interpreter]:
    """Yield ours, the system's, and last a copy, if there is space for one."""
    yield interpreter.own_interpreter()
    yield from interpreter.installed_interpreters()
    directory = layout.interpreters
    if not directory.is_dir():  # nothing is enrolled here yet
        directory = Path(held.enter_context(TemporaryDirectory(prefix="muster-python-")))
        directory.chmod(0o755)
    try:
        yield from interpreter.copied_interpreters(directory)
    except OSError as error:
        log.warning("can't copy the worker's Python for attempts: %s", error)
