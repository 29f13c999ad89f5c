"""`make bring`, with an npm and an apt-get that only write down what they were asked for."""

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent / "bring"
NPM = """\
mkdir -p node_modules/player
printf '{\\n  "packages": {\\n    "node_modules/player": {\\n' >node_modules/.package-lock.json
"""
PLAIN = [
    "bwrap",
    "vim",
    "htop",
    "top",
    "curl",
    "tmux",
    "gdb",
    "gcc",
    "make",
    "git-lfs",
    "ssh",
    "sshd",
    "pipx",
    "shellcheck",
    "systemd-analyze",
    "unicode-data",
    "debootstrap",
    "chromium",
    "fonts-liberation",
]
UV = 'for last; do :; done; [ "$1" = pip ] || mkdir -p "$last/bin"'
COMMANDS = {**dict.fromkeys(PLAIN, ""), "npm": NPM, "node": "echo v20.1.0", "python3": "", "uv": UV}
FOLDERS = (
    "tests/browser",
    "tests/sso/npm",
    "tests/agents/npm",
    "tests/clients",
    "tests/agents/node",
)

FROM_PYPI = ("tests/agents/aider", "tests/clients")


@dataclass
class Checkout:
    """A repository with nothing in it but the script and lock files."""

    root: Path

    @property
    def folder(self) -> Path:
        return self.root / "tests" / "browser"

    def command(self, name: str, does: str = "") -> None:
        path = self.root / "bin" / name
        path.write_text(f'#!/bin/sh\necho "{name} $1" >>"{self.root}/asked"\n{does}\n')
        path.chmod(0o755)

    def bring(self) -> subprocess.CompletedProcess[str]:
        (self.root / "asked").write_text("")
        path = f"{self.root}/bin:{self.root}/tools"
        script = [self.root / "tests" / "bring"]
        return subprocess.run(
            script, env={"PATH": path}, capture_output=True, text=True, check=False
        )

    @property
    def asked(self) -> list[str]:
        """What the latest run has asked of npm and apt-get."""
        lines = (self.root / "asked").read_text().splitlines()
        return [line for line in lines if not line.startswith(("node ", "python3 "))]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    house = Checkout(tmp_path)
    for folder in FOLDERS:
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "package-lock.json").write_text("{}")
    (tmp_path / "tests" / "agents" / "aider").mkdir()
    for folder in FROM_PYPI:
        (tmp_path / folder / "requirements.txt").write_text("a-package\n")
    shutil.copy(SCRIPT, tmp_path / "tests" / "bring")
    # Roots of Debian are brought by a script of its own.
    (tmp_path / "tests" / "install").mkdir()
    (roots := tmp_path / "tests" / "install" / "bring_roots").write_text("#!/bin/sh\n")
    roots.chmod(0o755)
    # Of this machine's programs only what the script itself runs, so that the rest is not there.
    for folder in ("bin", "tools"):
        (tmp_path / folder).mkdir()
    for tool in ("bash", "cat", "dirname", "env", "git", "id", "ln", "mkdir", "rm", "sed", "sh"):
        (tmp_path / "tools" / tool).symlink_to(shutil.which(tool) or tool)
    for name, does in COMMANDS.items():
        house.command(name, does)
    house.command("apt-get")
    house.command("sleep")
    return house


def test_a_second_run_brings_nothing(checkout: Checkout) -> None:
    assert checkout.bring().returncode == 0
    assert checkout.asked == ["npm ci"] * 4 + ["uv venv", "uv pip"] * 2
    again = checkout.bring()
    assert (again.returncode, again.stdout, checkout.asked) == (0, "", [])


def change_the_lock(house: Checkout) -> None:
    (house.folder / "package-lock.json").write_text('{"other": true}')


def lose_a_package(house: Checkout) -> None:
    (house.folder / "node_modules" / "player").rmdir()


def lose_all_packages(house: Checkout) -> None:
    shutil.rmtree(house.folder / "node_modules")


@pytest.mark.parametrize("happens", [change_the_lock, lose_a_package, lose_all_packages])
def test_what_is_not_as_locked_is_brought_anew(
    happens: Callable[[Checkout], None], checkout: Checkout
) -> None:
    checkout.bring()
    happens(checkout)
    assert checkout.bring().returncode == 0
    assert checkout.asked == ["npm ci"]
    checkout.bring()
    assert checkout.asked == []


@pytest.mark.parametrize("does", ["echo v18.19.0", "exit 1"])
def test_a_node_that_is_too_old_for_the_agents_has_one_beside_it(
    does: str, checkout: Checkout
) -> None:
    checkout.command("node", does)
    assert "Installing from npm into tests/agents/node/node_modules\n" in checkout.bring().stdout
    assert checkout.bring().stdout == ""


def test_what_a_folder_has_left_to_do_is_done_until_it_succeeds(checkout: Checkout) -> None:
    settle = checkout.folder / "settle"
    settle.write_text("#!/bin/sh\ntest -e allowed\n")
    settle.chmod(0o755)
    done = checkout.bring()
    assert (done.returncode, done.stderr) == (1, "make bring: tests/browser/settle failed\n")
    (checkout.folder / "allowed").touch()
    assert checkout.bring().returncode == 0
    settle.write_text("#!/bin/sh\nexit 1\n")
    assert checkout.bring().returncode == 0


@pytest.mark.parametrize("folder", FROM_PYPI)
def test_packages_of_pypi_come_anew_when_their_lock_has_changed(
    checkout: Checkout, folder: str
) -> None:
    checkout.bring()
    (checkout.root / folder / "requirements.txt").write_text("other\n")
    assert f"from PyPI into {folder}/.venv\n" in checkout.bring().stdout
    assert checkout.asked == ["uv venv", "uv pip"]


def test_aider_is_left_out_where_no_python_runs_it(checkout: Checkout) -> None:
    checkout.command("python3", "exit 1")
    done = checkout.bring()
    assert (done.returncode, checkout.asked) == (0, ["npm ci"] * 4 + ["uv venv", "uv pip"])
    assert done.stderr.startswith("aider is left out: ")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root is let")
@pytest.mark.parametrize(
    ("program", "package"),
    [("htop", "htop"), ("shellcheck", "shellcheck"), ("systemd-analyze", "systemd")],
)
def test_a_program_that_is_missing_comes_from_debian(
    checkout: Checkout, program: str, package: str
) -> None:
    (checkout.root / "bin" / program).unlink()
    done = checkout.bring()
    assert done.returncode == 0
    assert f"Installing Debian packages: {package}\n" in done.stdout
    assert "apt-get -qq" in checkout.asked


FAILURES: Mapping[str, str] = {
    "npm": "make bring: npm could not install what tests/browser/package-lock.json names\n",
    "apt-get": "make bring: apt-get could not install: htop\n",
}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root is let")
@pytest.mark.parametrize("broken", FAILURES)
def test_what_cannot_be_brought_is_said_and_tried_again_the_next_time(
    broken: str, checkout: Checkout
) -> None:
    (checkout.root / "bin" / "htop").unlink()
    checkout.command(broken, "exit 1")
    done = checkout.bring()
    assert done.returncode == 1
    assert done.stderr.endswith(FAILURES[broken])
    assert checkout.asked.count("sleep 5")  # each has a second try
    checkout.command(broken, COMMANDS.get(broken, ""))
    assert checkout.bring().returncode == 0
