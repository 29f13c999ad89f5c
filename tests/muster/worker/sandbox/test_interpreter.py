"""Which Python attempts run: ours, the system's, or a copy, where they cannot read ours."""

import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from muster.protocol.frames import SandboxLevel
from muster.worker.layout import Layout
from muster.worker.sandbox import interpreter, self_test
from muster.worker.sandbox.detection import detect
from muster.worker.sandbox.interpreter import Interpreter
from muster.worker.sandbox.sandboxes import Sandboxes
from tests.muster.worker.repositories import as_root, root
from tests.muster.worker.sandbox.test_sandbox import layout

__all__ = ["layout", "root"]

LEVELS: list[SandboxLevel] = ["full", "processes", "none"]


def problem(rooms: Sandboxes) -> str | None:
    with rooms.temporary_sandbox() as room:
        return self_test.python_problem(room)


def link_python(folder: Path) -> Interpreter:
    """An interpreter like ours that another user cannot reach."""
    folder.mkdir(mode=0o700)
    program = folder / "python"
    shutil.copy2(interpreter.own_interpreter().program, program)
    return replace(interpreter.own_interpreter(), program=program)


@pytest.fixture
def closed(root: Path, monkeypatch: pytest.MonkeyPatch) -> Interpreter:
    """Ours, where no other user can read it; the system has none."""
    made = link_python(root / "closed")
    monkeypatch.setattr(interpreter, "own_interpreter", lambda: made)
    monkeypatch.setattr(interpreter, "installed_interpreters", lambda: iter(()))
    return made


@pytest.mark.parametrize("level", LEVELS)
def test_what_is_found_runs_all_that_runs_as_an_attempt(
    layout: Layout, level: SandboxLevel
) -> None:
    rooms = detect(layout, most=level)
    assert (rooms.level, rooms.python_missing) == (level, None)
    assert problem(rooms) is None


@as_root
@pytest.mark.parametrize("level", ["processes", "none"])
def test_ours_is_not_taken_where_an_attempt_cannot_read_it(
    layout: Layout, closed: Interpreter, level: SandboxLevel
) -> None:
    rooms = replace(detect(layout, most=level), interpreter=closed)
    found = problem(rooms)
    assert found is not None
    assert "Permission denied" in found


@as_root
def test_nor_where_an_attempt_cannot_read_the_package(layout: Layout, root: Path) -> None:
    library = root / "closed"
    library.mkdir(mode=0o700)
    (library / "muster").symlink_to(interpreter.own_interpreter().package)
    found = problem(replace(detect(layout, most="none"), interpreter=blind(library)))
    assert found == "ModuleNotFoundError: No module named 'muster'"


def blind(library: Path) -> Interpreter:
    """The system's Python, or ours, with that library."""
    given = next(iter(interpreter.installed_interpreters()), interpreter.own_interpreter())
    return replace(given, library=library)


@as_root
@pytest.mark.parametrize("level", ["processes", "none"])
def test_a_copy_is_made_where_nothing_else_can_be_read(
    layout: Layout, closed: Interpreter, level: SandboxLevel
) -> None:
    rooms = detect(layout, most=level)
    (copy,) = layout.interpreters.iterdir()
    assert (rooms.interpreter.prefix, rooms.python_missing) == (copy, None)
    assert problem(rooms) is None
    assert detect(layout, most=level).interpreter == rooms.interpreter
    assert list(layout.interpreters.iterdir()) == [copy]


@pytest.fixture
def copy(layout: Layout) -> Interpreter:
    return next(interpreter.copied_interpreters(layout.interpreters))


def test_a_copy_is_read_only_and_has_neither_packages_nor_tests(copy: Interpreter) -> None:
    paths = list(copy.prefix.rglob("*"))
    assert all(path.stat().st_mode & 0o022 == 0 for path in paths)
    assert all(path.stat().st_mode & 0o444 == 0o444 for path in paths)
    assert not {"site-packages", "dist-packages", "test", "tests"} & {path.name for path in paths}
    assert {path.stat().st_uid for path in paths} == {os.geteuid()}


def test_a_copy_needs_nothing_of_what_it_was_made_of(copy: Interpreter) -> None:
    entry = f"{interpreter.IMPORTS}; print(*(m.__file__ for m in list(sys.modules.values())"
    entry += " if getattr(m, '__file__', None)), sep='\\n')"
    command = copy.command(entry, in_view=False)
    done = subprocess.run(command, env={}, cwd="/", capture_output=True, text=True, check=True)
    loaded = done.stdout.splitlines()
    assert loaded
    assert [path for path in loaded if not path.startswith(f"{copy.prefix}/")] == []


def test_a_copy_that_was_cut_short_is_made_again(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_place: Path) -> None:
        raise OSError("no space")

    with monkeypatch.context() as patched:
        patched.setattr(interpreter, "_make_readable", fail)
        with pytest.raises(OSError, match="no space"):
            next(interpreter.copied_interpreters(layout.interpreters))
    assert list(layout.interpreters.iterdir()) == []
    assert next(interpreter.copied_interpreters(layout.interpreters)).program.is_file()


def test_shared_libraries_are_copied_where_the_standard_library_is_in_lib64(
    layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prefix = tmp_path / "python"
    library, shared = prefix / "lib64" / "python3.11", prefix / "lib64" / "libpython3.11.so"
    library.mkdir(parents=True)
    (library / "os.py").touch()
    shared.touch()
    (prefix / "program").touch(0o755)
    source = replace(interpreter.own_interpreter(), program=prefix / "program", prefix=prefix)
    monkeypatch.setattr(interpreter, "own_interpreter", lambda: source)
    monkeypatch.setattr(interpreter, "_shared_libraries", lambda _: [str(shared)])
    monkeypatch.setattr("sysconfig.get_path", lambda _: str(library))
    place = next(interpreter.copied_interpreters(layout.interpreters)).prefix
    assert (place / "lib64" / "python3.11" / "os.py").is_file()
    assert (place / "lib" / "libpython3.11.so").is_file()


def test_copies_of_earlier_releases_are_removed(layout: Layout, copy: Interpreter) -> None:
    before, running = layout.interpreters / "before", layout.interpreters / "running"
    for place in (before, running):
        place.mkdir()
    with subprocess.Popen(
        ["/bin/sh", "-c", "read line", str(running / "bin")], stdin=subprocess.PIPE
    ) as process:
        interpreter.remove_copies(layout.interpreters, copy)
        assert sorted(layout.interpreters.iterdir()) == sorted([copy.prefix, running])
        process.communicate(b"\n")
    interpreter.remove_copies(layout.interpreters, None)
    assert list(layout.interpreters.iterdir()) == []


@as_root
def test_where_there_is_none_the_reason_names_each_and_what_to_install(
    layout: Layout, closed: Interpreter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interpreter, "copied_interpreters", lambda _directory: iter(()))
    rooms = detect(layout, most="none")
    assert rooms.python_missing is not None
    assert "Permission denied" in rooms.python_missing
    assert "apt install python3" in rooms.python_missing
    assert rooms.find_problem() == rooms.python_missing


def test_a_python_that_is_too_old_is_passed_over(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nprintf '3 10\\n/usr\\n/usr/bin/python3\\n'\n")
    old.chmod(0o755)
    assert list(interpreter.installed_interpreters(str(tmp_path))) == []
