"""The marker `needs`, the line at the end of a run, and the list of skipped tests."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests import programs

ROOT = Path(__file__).parents[1]
ODD = "a \"b\" 'c' $HOME `id` é 中文 [x] a::b @f;&\n#"
SAMPLE = f"""
import pytest

from tests import programs
from tests.needs import declare_needs

programs.ALTERNATIVES = {{
    "absent": ("no-such-program",),
    "another": ("no-such-one", "/no/such/one"),
    "folder": ("tests/no-such-folder",),
    "shell": ("no-such-program", "sh"),
}}


@pytest.fixture
@declare_needs("absent")
def program():
    raise AssertionError("a skipped test sets up no fixture")


@pytest.mark.needs("absent", "another", "shell")
def test_two_are_missing(program):
    pass


@pytest.mark.needs("folder")
@pytest.mark.parametrize("value", [{ODD!r}, "plain"])
def test_folder_is_missing(value):
    pass


def test_fixture_needs_a_program(program):
    pass


@pytest.mark.needs("shell")
def test_alternative_is_found():
    assert programs.find("shell").endswith("/sh")


def test_undeclared_program_is_not_found():
    with pytest.raises(AssertionError, match="lacks the marker"):
        programs.find("shell")


@pytest.mark.needs("absent")
@pytest.mark.skipif(True, reason="a reason of its own")
def test_skipped_anyway():
    pass
"""
MISSING = {
    "test_two_are_missing": "needs absent, another",
    "test_folder_is_missing[": "needs folder",
    "test_fixture_needs_a_program": "needs absent",
}
LINE = '4 tests skipped: absent, another, folder are missing. "make bring" installs them.'


def run_pytest(
    folder: Path, *words: str | Path, **variables: str
) -> "subprocess.CompletedProcess[str]":
    """Run pytest with the plugin alone, in a folder of its own."""
    plugins = ["-p", "xdist.plugin", "-p", "tests.needs"]
    argv = [sys.executable, "-m", "pytest", *plugins, "-o", "markers=needs", *words]
    inherited = {name: text for name, text in os.environ.items() if "PYTEST" not in name}
    inherited.pop("MUSTER_NEEDS", None)
    paths = {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": ""}
    env = {**inherited, **paths, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **variables}
    return subprocess.run(argv, cwd=folder, env=env, capture_output=True, text=True, check=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the sample, which has four tests whose programs are missing."""
    (tmp_path / "test_sample.py").write_text(SAMPLE)
    return tmp_path


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_run_ends_with_the_programs_that_were_missing(folder: Path, workers: str) -> None:
    done = run_pytest(folder, "-n", workers, "-rs")
    assert done.returncode == 0, done.stdout
    assert done.stdout.splitlines()[-1] == LINE
    reasons = re.findall(r"SKIPPED \[(\d)\] .*: (.*)", done.stdout)
    assert sorted(reasons) == [
        ("1", "a reason of its own"),
        ("1", "needs absent"),
        ("1", "needs absent, another"),
        ("2", "needs folder"),
    ]


def test_a_run_in_which_nothing_was_missing_ends_as_usual(folder: Path) -> None:
    done = run_pytest(folder, "-k", "found or anyway")
    assert done.returncode == 0
    assert "2 passed, 1 skipped" in done.stdout.splitlines()[-1]


def test_one_test_and_one_program_are_singular(folder: Path) -> None:
    done = run_pytest(folder, "-k", "fixture")
    line = '1 test skipped: absent is missing. "make bring" installs it.'
    assert done.stdout.splitlines()[-1] == line


def test_the_list_has_the_skipped_tests_and_pytest_reads_it(folder: Path) -> None:
    listed = folder / "a folder" / "skipped tests.txt"
    run_pytest(folder, "-n", "2", "--skipped-list", listed)
    ids = listed.read_text().splitlines()
    assert len(ids) == len(set(ids)) == 4
    assert all(any(f"::{name}" in each for name in MISSING) for each in ids)
    again = run_pytest(folder, "-n", "2", f"@{listed}")
    assert "4 skipped" in again.stdout


def test_a_run_replaces_the_list(folder: Path) -> None:
    listed = folder / "skipped.txt"
    listed.write_text("of an earlier run\n")
    run_pytest(folder, "--skipped-list", listed, "-k", "found")
    assert listed.read_text() == ""


def test_a_run_that_stops_early_leaves_no_list(folder: Path) -> None:
    (folder / "test_zz.py").write_text("def test_stops():\n    raise KeyboardInterrupt\n")
    (listed := folder / "skipped.txt").write_text("of an earlier run\n")
    run_pytest(folder, "--skipped-list", listed)
    assert not listed.exists()


def test_where_all_is_required_a_missing_program_fails_its_tests(folder: Path) -> None:
    listed = folder / "skipped.txt"
    done = run_pytest(folder, "--skipped-list", listed, MUSTER_NEEDS="required")
    assert "2 passed, 1 skipped, 4 errors" in done.stdout.splitlines()[-1]
    assert 'needs absent, another: run "make bring"' in done.stdout
    assert listed.read_text() == ""


def test_unknown_names_are_errors(folder: Path) -> None:
    (folder / "test_sample.py").write_text(
        "import pytest\n\n@pytest.mark.needs('nod')\ndef test_one():\n    pass\n"
    )
    assert "KeyError: 'nod'" in run_pytest(folder).stdout


def make_skipped(listed: Path) -> "subprocess.CompletedProcess[str]":
    env = {**os.environ, "MUSTER_SKIPPED": str(listed), "MUSTER_TEST_WORKERS": "1"}
    return subprocess.run(
        ["make", "skipped"], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("text", [ODD])
def test_make_skipped_runs_the_tests_of_the_list(
    text: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """One of them is this test, which then only says that it ran, whatever is in its id."""
    if ran := os.environ.get("MUSTER_TEST_RAN"):
        Path(ran).write_text(json.dumps([text, os.environ["MUSTER_NEEDS"]]))
        return
    (listed := tmp_path / "a list.txt").write_text(f"{request.node.nodeid}\n")
    ran = tmp_path / "ran"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MUSTER_TEST_RAN", str(ran))
        done = make_skipped(listed)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
    assert json.loads(ran.read_text()) == [text, "required"]


def test_make_skipped_has_nothing_to_do_for_an_empty_list(tmp_path: Path) -> None:
    (listed := tmp_path / "skipped.txt").touch()
    done = make_skipped(listed)
    assert (done.returncode, done.stdout) == (
        0,
        'The last "make test" skipped nothing for missing programs.\n',
    )


def test_make_skipped_wants_a_list(tmp_path: Path) -> None:
    done = make_skipped(tmp_path / "none.txt")
    assert done.returncode != 0
    assert '"make test" writes it' in done.stderr


def test_make_test_writes_the_list() -> None:
    done = subprocess.run(
        ["make", "--dry-run", "test"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    words = shlex.split(done.stdout.splitlines()[-1])
    # One word: pytest would take a list that an earlier run has left for a file of tests.
    assert words[-1] == "--skipped-list=${MUSTER_SKIPPED:-.ci/skipped.txt}"


def test_needs_are_named_as_what_make_bring_installs() -> None:
    """Each package folder in the table is one that `tests/bring` fills."""
    text = (ROOT / "tests" / "bring").read_text()
    filled = re.search(r"^LOCKED=\((.*)\)$", text, re.MULTILINE)
    assert filled is not None
    folders = {*filled[1].split(), "tests/agents/node", "tests/agents/aider"}
    paths = {
        path
        for alternatives in programs.ALTERNATIVES.values()
        for path in alternatives
        if path.startswith("tests/")
    }
    used = {folder for folder in folders for path in paths if path.startswith(f"{folder}/")}
    assert used == folders
    assert all(any(path.startswith(f"{folder}/") for folder in folders) for path in paths)


def test_debian_programs_have_the_alternatives_of_make_bring() -> None:
    assert programs.ALTERNATIVES["vim"] == ("vim", "vim.tiny")
    assert programs.ALTERNATIVES["sshd"] == ("sshd", "/usr/sbin/sshd")
    table = 'PROGRAMS=(\n\t"one two: first /usr/sbin/first"\n\t"three: third"  # why\n)\n'
    assert programs.read_bring(table) == {
        "first": ("first", "/usr/sbin/first"),
        "third": ("third",),
    }
