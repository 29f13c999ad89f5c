"""tests/newcomer, in a repository with a README and a `make bring` of its own."""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import programs

ROOT = Path(__file__).parents[1]
README = """\
# A product

```sh
exit 6
```

## Quick start

You need nothing.

```sh
{commands}
```

```sh
exit 7   # no part of the setup
```

## Install

```sh
exit 8
```
"""
WHO = ("-c", "user.name=Ann", "-c", "user.email=ann@example.org")


@dataclass
class Repository:
    root: Path

    @property
    def tree(self) -> Path:
        return self.root / "tree"

    def commit(self, *commands: str) -> None:
        """Commit everything, with a README whose quick start has these commands."""
        (self.tree / "README.md").write_text(README.format(commands="\n".join(commands)))
        for words in (["add", "-A"], [*WHO, "commit", "-q", "-m", "A change"]):
            subprocess.run(["git", *words], cwd=self.tree, check=True)

    def add_program(self, name: str, text: str = "") -> None:
        path = self.root / "bin" / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def run(self, *words: str, **environment: str) -> tuple[int, str]:
        """Run the script; returns its exit status and what it printed."""
        environ = {"PATH": f"{self.root}/bin:{os.environ['PATH']}", "HOME": os.environ["HOME"]}
        done = subprocess.run(
            [self.tree / "tests" / "newcomer", *words],
            env={**environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path)
    for folder in (made.tree / "tests", made.tree / ".ci", tmp_path / "bin", tmp_path / "at"):
        folder.mkdir(parents=True)
    shutil.copy(ROOT / "tests" / "newcomer", made.tree / "tests")
    (made.tree / ".gitignore").write_text(".ci/skipped.txt\n")
    (made.tree / ".ci" / "again").touch()
    (bring := made.tree / "tests" / "bring").write_text("#!/bin/sh\necho a-tool\necho git\n")
    bring.chmod(0o755)
    for name in ("a-tool", "another", "npm"):
        made.add_program(name)
    subprocess.run(["git", "init", "-q", made.tree], check=True)
    return made


def lines_of(output: str) -> list[str]:
    return [re.sub(r"after \d+ s", "after 0 s", line) for line in output.splitlines()]


def test_the_quick_start_of_this_repository_is_a_demo_and_the_tests() -> None:
    done = subprocess.run(
        [ROOT / "tests" / "newcomer", "--list"], capture_output=True, text=True, check=True
    )
    shown = done.stdout.splitlines()
    assert [line for line in shown if not line.startswith("hidden: ")] == ["make demo", "make test"]
    assert {"hidden: bwrap", "hidden: npm", "hidden: uv", "hidden: sshd", "hidden: psql"} <= {
        *shown
    }
    assert {"hidden: git", "hidden: make", "hidden: python3"}.isdisjoint(shown)


def test_the_commands_of_readmes_quick_start_run_in_order_in_a_new_clone(
    repository: Repository,
) -> None:
    repository.commit("pwd   # where", "git status --short && ls", "cat README.md")
    (repository.tree / "README.md").write_text("changed\n")
    status, output = repository.run()
    assert status == 0
    assert [line for line in lines_of(output) if ": exit " in line] == [
        "newcomer: pwd: exit 0 after 0 s",
        "newcomer: git status --short && ls: exit 0 after 0 s",
        "newcomer: cat README.md: exit 0 after 0 s",
    ]
    assert "uncommitted changes in this tree are not tested" in output
    assert "\nchanged\n" not in output
    clone = re.search(r"^/tmp/newcomer\.\w+/clone$", output, re.MULTILINE)
    assert clone is not None
    assert not Path(clone[0]).parent.exists()


def test_commands_of_ones_own_run_in_place_of_these(repository: Repository) -> None:
    repository.commit("exit 3")
    assert repository.run("true")[0] == 0


def test_home_is_empty_and_the_environment_has_only_what_package_clients_need(
    repository: Repository,
) -> None:
    repository.commit("env -0 | tr '\\0' '\\n'", 'ls -A "$HOME"; echo "in home: $(ls -A "$HOME")."')
    kept = {"PIP_INDEX_URL": "a", "SSL_CERT_FILE": "b", "https_proxy": "c", "CI": "true"}
    other = {"MUSTER_HOME": "/x", "PYTHONPATH": "/y", "VIRTUAL_ENV": "/z", "CARGO_HOME": "/c"}
    status, output = repository.run(**kept, **other)
    assert status == 0
    assert {f"{name}={value}" for name, value in kept.items()} <= {*output.splitlines()}
    assert not re.search(rf"^({'|'.join(other)})=", output, re.MULTILINE)
    assert "in home: .\n" in output
    [home] = re.findall(r"^HOME=(.*)$", output, re.MULTILINE)
    assert home.startswith("/tmp/newcomer.")


SHOW = "for name in a-tool npm another git make python3; do command -v $name; done; true"


def visible(output: str) -> list[str]:
    return re.findall(r"^/.*/(a-tool|npm|another|git|make|python3)$", output, re.MULTILINE)


@pytest.fixture
def overlays(repository: Repository) -> None:
    """Skips the test where nothing can be hidden."""
    repository.commit("true")
    _, output = repository.run()
    if "visible" in output:
        pytest.skip("no mount namespace with overlays here")


REQUIRED = ["git", "make", "python3"]


@pytest.mark.usefixtures("overlays")
@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ([], ["another", *REQUIRED]),
        (["--with", "a-tool"], ["a-tool", "another", *REQUIRED]),
        (["--with", "npm", "--hide", "another"], ["npm", *REQUIRED]),
        (["--with", "all"], ["a-tool", "npm", "another", *REQUIRED]),
        (["--with", "all", "--hide", "a-tool"], ["npm", "another", *REQUIRED]),
    ],
    ids=" ".join,
)
def test_what_bring_installs_and_its_stand_ins_are_hidden_for_the_commands_alone(
    repository: Repository, options: Sequence[str], wanted: Sequence[str]
) -> None:
    status, output = repository.run(*options, SHOW)
    assert (status, visible(output)) == (0, wanted)
    assert all((repository.root / "bin" / name).exists() for name in ("a-tool", "npm", "another"))


@pytest.mark.usefixtures("overlays")
def test_no_folder_gets_an_overlay_outside_of_a_namespace_of_its_own(
    repository: Repository,
) -> None:
    mounts = Path("/proc/self/mountinfo").read_text()
    outside = os.readlink("/proc/self/ns/mnt")
    status, output = repository.run(SHOW, NEWCOMER_OUTSIDE=outside)
    assert (status, visible(output)) == (0, ["another", *REQUIRED])
    assert Path("/proc/self/mountinfo").read_text() == mounts


def test_without_a_namespace_everything_is_visible_and_the_commands_run(
    repository: Repository,
) -> None:
    repository.add_program("unshare", "exit 1")
    repository.commit(SHOW)
    status, output = repository.run()
    assert status == 0
    assert "newcomer: no mount namespace here (needs root): every program stays visible" in output
    assert visible(output) == ["a-tool", "npm", "another", *REQUIRED]


def test_the_clone_and_its_home_lie_where_they_are_wanted(repository: Repository) -> None:
    repository.commit('pwd; echo "$HOME"')
    at = repository.root / "at"
    status, output = repository.run("--at", str(at))
    assert status == 0
    assert len(re.findall(rf"^{re.escape(str(at))}/newcomer\.\w+/(clone|home)$", output, re.M)) == 2
    assert list(at.iterdir()) == []


def test_a_failure_is_shown_and_ends_the_run(repository: Repository) -> None:
    repository.commit("seq 1000; exit 3", "echo second")
    status, output = repository.run()
    assert status == 1
    assert "\n701\n" in output
    assert "\n700\n" not in output
    assert "newcomer: seq 1000; exit 3: exit 3 after" in output
    assert "echo second" not in output


FAILING = "mkdir -p .pytest_cache/v/cache && echo {} >.pytest_cache/v/cache/lastfailed; exit 1"


@pytest.mark.parametrize(("again", "wanted"), [(0, 0), (1, 1)])
def test_failed_tests_run_once_more_where_they_failed(
    repository: Repository, again: int, wanted: int
) -> None:
    python = repository.tree / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\necho "again: $1 in $PWD"\nexit {again}\n')
    python.chmod(0o755)
    repository.commit(FAILING, "true")
    status, output = repository.run()
    assert status == wanted
    assert len(re.findall(r"^again: \.ci/again in /tmp/newcomer\.\w+/clone$", output, re.M)) == 1
    assert repository.run("false")[0] == 1


def test_a_process_that_is_left_running_is_a_failure_and_ends(repository: Repository) -> None:
    repository.commit("setsid sleep 3599.25 >/dev/null 2>&1 & true")
    status, output = repository.run()
    assert status == 1
    [process] = re.findall(r"^  (\d+) sleep 3599\.25 $", output, re.MULTILINE)
    command = Path(f"/proc/{process}/cmdline")
    assert not command.exists() or b"3599.25" not in command.read_bytes()


def test_a_process_that_ends_soon_after_is_none(repository: Repository) -> None:
    repository.commit("setsid sleep 2 >/dev/null 2>&1 & true")
    assert repository.run()[0] == 0


def test_the_list_of_skipped_tests_comes_to_the_tree(repository: Repository) -> None:
    repository.commit("echo tests/test_one.py::test_it >.ci/skipped.txt")
    assert repository.run()[0] == 0
    assert (repository.tree / ".ci" / "skipped.txt").read_text() == "tests/test_one.py::test_it\n"


@pytest.mark.parametrize("words", [["--wrong"], ["--with"], ["--at", "/no/such/folder"]])
def test_wrong_usage_ends_before_anything_runs(repository: Repository, words: list[str]) -> None:
    repository.commit("echo it runs")
    status, output = repository.run(*words)
    assert status == 2
    assert "it runs" not in output


def test_a_readme_without_commands_is_a_failure(repository: Repository) -> None:
    repository.commit("# nothing")
    assert repository.run() == (
        2,
        'newcomer: README has no commands in its section "Quick start"\n',
    )


@pytest.mark.needs("shellcheck")
@pytest.mark.parametrize("script", [".ci/run", "tests/bring", "tests/newcomer"])
def test_shellcheck_finds_nothing(script: str) -> None:
    subprocess.run([programs.find("shellcheck"), ROOT / script], check=True)
