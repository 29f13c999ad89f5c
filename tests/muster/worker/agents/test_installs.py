"""Install trees, by layouts as the real tools make them, in a home made for the test."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from muster.worker.agents import installs
from muster.worker.sandbox import bubblewrap, mounts


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A user's home, with directories that must stay private."""
    # Not pytest's own, which is closed to other users.
    with tempfile.TemporaryDirectory(dir="/var/tmp") as directory:
        base = Path(directory)
        base.chmod(0o755)
        made = base / "ada"
        monkeypatch.setenv("HOME", str(made))
        monkeypatch.setenv("PATH", "/usr/bin:/bin")
        for secret in (".ssh/id_ed25519", ".config/gh/hosts.yml", ".local/bin/unrelated"):
            write(made / secret, "private")
        yield made


def write(path: Path, text: str = "", mode: int = 0o644) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


def program(path: Path, text: str = "#!/bin/sh\necho ran\n") -> Path:
    return write(path, text, 0o755)


def link(path: Path, target: str | Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)
    return path


def relative_trees(binary: Path, home: Path, path: str | None = None) -> list[str]:
    return [str(each.relative_to(home)) for each in installs.required_paths(binary, path)]


NODE = """#!/bin/sh
cat "$(dirname "$(readlink -f "$1")")/vendor.txt"
"""  # a stand-in: it finds files next to its script's real path, as Node does


def npm_package(prefix: Path, name: str = "@anthropic-ai/claude-code") -> Path:
    """`npm install -g`: the prefix's `bin` links into its `lib/node_modules`."""
    cli = program(prefix / "lib/node_modules" / name / "cli.js", "#!/usr/bin/env node\n")
    write(cli.parent / "vendor.txt", "beside")
    return link(prefix / "bin/claude", f"../lib/node_modules/{name}/cli.js")


def test_nothing_is_needed_of_what_every_sandbox_shows(home: Path) -> None:
    assert installs.required_paths(Path("/usr/bin/env")) == []
    assert installs.required_paths(Path("/bin/sh")) == []
    assert installs.required_paths(home / "no/such/program") == []


def test_nvm_is_shown_by_the_version_with_all_its_packages(home: Path) -> None:
    prefix = home / ".nvm/versions/node/v22.1.0"
    program(prefix / "bin/node", NODE)
    program(home / ".nvm/versions/node/v20.0.0/bin/node", NODE)
    write(home / ".nvm/.npmrc", "token")
    claude = npm_package(prefix)
    assert relative_trees(claude, home) == [".nvm/versions/node/v22.1.0"]


def test_a_prefix_of_npms_comes_with_the_node_of_the_search_path(home: Path) -> None:
    node = program(home / "node-v22/bin/node", NODE)
    (home / "node-v22/lib").mkdir()
    claude = npm_package(home / ".npm-global")
    assert relative_trees(claude, home, f"{node.parent}:/usr/bin") == [".npm-global", "node-v22"]
    assert relative_trees(claude, home, "/no/node/here") == [".npm-global"]


def test_a_prefix_that_holds_more_than_tools_is_shown_by_its_packages(home: Path) -> None:
    """`npm config set prefix ~/.local`, and `~`."""
    claude = npm_package(home / ".local")
    assert relative_trees(claude, home) == [".local/bin/claude", ".local/lib/node_modules"]
    claude = npm_package(home)
    assert relative_trees(claude, home) == ["bin/claude", "lib/node_modules"]


@pytest.mark.parametrize("tool", [".local/share/uv/tools", ".local/share/pipx/venvs"])
def test_a_venv_of_a_tool_comes_with_the_python_that_it_stands_on(home: Path, tool: str) -> None:
    base = home / ".local/share/uv/python/cpython-3.12.5-linux-x86_64-gnu"
    program(base / "bin/python3.12")
    write(base / "lib/python3.12/os.py")
    link(base.parent / "cpython-3.12-linux", base.name)
    write(home / ".local/share/uv/credentials/credentials.toml", "private")
    venv = home / tool / "aider-chat"
    write(venv / "pyvenv.cfg", f"home = {base.parent}/cpython-3.12-linux/bin\n")
    link(venv / "bin/python", base.parent / "cpython-3.12-linux/bin/python3.12")
    program(venv / "bin/aider", f"#!{venv}/bin/python\n")
    aider = link(home / ".local/bin/aider", venv / "bin/aider")
    assert relative_trees(aider, home) == [
        ".local/bin/aider",
        *sorted([
            f"{tool}/aider-chat",
            ".local/share/uv/python/cpython-3.12-linux",
            ".local/share/uv/python/cpython-3.12.5-linux-x86_64-gnu",
        ]),
    ]  # fmt: skip


def test_claudes_native_install_is_a_link_and_a_file(home: Path) -> None:
    program(home / ".local/share/claude/versions/2.1.0")
    old = program(home / ".local/share/claude/versions/2.0.9")
    claude = link(home / ".local/bin/claude", old.with_name("2.1.0"))
    assert relative_trees(claude, home) == [
        ".local/bin/claude",
        ".local/share/claude/versions/2.1.0",
    ]


def test_cursors_agent_comes_with_what_lies_beside_it(home: Path) -> None:
    version = home / ".local/share/cursor-agent/versions/2026.01.02-abc"
    program(version / "cursor-agent")
    program(version / "node")
    agent = link(home / ".local/bin/cursor-agent", version / "cursor-agent")
    assert relative_trees(agent, home) == [
        ".local/bin/cursor-agent",
        ".local/share/cursor-agent/versions/2026.01.02-abc",
    ]


def test_a_tool_of_local_share_is_shown_whole(home: Path) -> None:
    agent = program(home / ".local/share/sometool/agent")
    assert relative_trees(agent, home) == [".local/share/sometool"]


@pytest.mark.parametrize(
    "place", [".local/bin/agent", "bin/agent", ".cargo/bin/agent", "go/bin/agent", "agent"]
)
def test_a_single_file_is_shown_alone(home: Path, place: str) -> None:
    write(home / ".cargo/credentials.toml", "private")
    assert relative_trees(program(home / place), home) == [place]


def test_claudes_local_install_comes_with_its_packages_and_not_with_its_credentials(
    home: Path,
) -> None:
    write(home / ".claude/.credentials.json", "private")
    npm = home / ".claude/local/node_modules"
    program(npm / "@anthropic-ai/claude-code/cli.js", "#!/usr/bin/env node\n")
    claude = program(home / ".claude/local/claude", f'#!/bin/sh\nexec "{npm}/.bin/claude" "$@"\n')
    assert relative_trees(claude, home) == [".claude/local/claude", ".claude/local/node_modules"]


def test_shims_come_with_their_manager(home: Path) -> None:
    claude = program(home / ".pyenv/shims/claude")
    assert relative_trees(claude, home) == [".pyenv"]


def test_links_of_directories_are_links_in_the_sandbox_too(home: Path) -> None:
    real = home.parent / "disk/tools"
    program(real / "bin/agent")
    (real / "lib").mkdir()
    link(home / "tools", real)
    agent = link(home / ".local/bin/agent", "../../tools/bin/agent")
    base = home.parent
    assert relative_trees(agent, base) == ["ada/.local/bin/agent", "ada/tools", "disk/tools"]


def test_links_without_end_show_nothing(home: Path) -> None:
    one, two = home / ".local/bin/one", home / ".local/bin/two"
    one.symlink_to(two)
    two.symlink_to(one)
    assert installs.required_paths(one) == []


DANGEROUS = {
    "a home": "lib/x",
    "a home as a prefix": "bin/agent",
    "keys": ".ssh/agent",
    "other keys": ".gnupg/bin/agent",
    "settings": ".config/tool/bin/agent",
}


@pytest.mark.parametrize("place", DANGEROUS.values(), ids=DANGEROUS.keys())
def test_no_home_and_no_settings_are_ever_shown(home: Path, place: str) -> None:
    for mark in ("lib", ".gnupg/lib", ".config/tool/lib"):
        (home / mark).mkdir(parents=True, exist_ok=True)
    write(home / "pyvenv.cfg", "home = /usr/bin\n")
    found = installs.required_paths(program(home / place))
    assert all(each.is_file() for each in found), found
    assert not [each for each in found if ".ssh" in str(each) or ".gnupg" in str(each)]


@pytest.mark.parametrize("binary", ["/etc/hostname", "/proc/self/exe", "/dev/null", "/"])
def test_nor_are_the_systems_own_places(binary: str) -> None:
    assert not [
        each
        for each in installs.required_paths(Path(binary))
        if str(each).startswith(("/etc", "/proc", "/dev")) or each == Path("/")
    ]


def test_nor_is_anything_of_the_workers_home(home: Path) -> None:
    worker = home / "tools/worker"
    program(worker / "bin/agent")
    (worker / "lib").mkdir()
    (home / "tools/lib").mkdir()
    assert installs.required_paths(worker / "bin/agent", never=[worker]) == []
    inside = program(home / "tools/bin/agent")
    assert installs.required_paths(inside, never=[worker]) == [inside]
    # Without that it counts as an ordinary directory.
    assert installs.required_paths(inside) == [home / "tools"]


# As another user


def test_a_closed_directory_on_the_way_is_named(home: Path) -> None:
    claude = npm_package(home / ".npm-global")
    assert installs.first_inaccessible_path(claude) is None
    home.chmod(0o700)
    assert installs.first_inaccessible_path(claude) == home
    # Sandboxes create the directories above new.
    assert installs.first_inaccessible_path(claude, shown=installs.required_paths(claude)) is None
    (home / ".npm-global/lib").chmod(0o750)
    assert (
        installs.first_inaccessible_path(claude, shown=installs.required_paths(claude))
        == home / ".npm-global/lib"
    )


def test_an_interpreter_in_a_closed_directory_is_named(home: Path) -> None:
    claude = npm_package(home / ".npm-global")
    node = program(home / "node/bin/node", NODE)
    node.parent.chmod(0o700)
    assert installs.first_inaccessible_path(claude, f"{node.parent}:/bin") == node.parent


def test_a_script_has_to_be_readable_and_a_binary_only_executable(home: Path) -> None:
    script, binary = program(home / "script"), home / "binary"
    shutil.copy("/bin/true", binary)
    script.chmod(0o711)
    binary.chmod(0o711)
    assert installs.first_inaccessible_path(script) == script
    assert installs.first_inaccessible_path(binary) is None


# In a sandbox


def sandbox_argv() -> list[str]:
    system = [
        each for each in installs.SYSTEM_DIRECTORIES if each.is_dir() and not each.is_symlink()
    ]
    links = [each for each in installs.SYSTEM_DIRECTORIES if each.is_symlink()]
    private = [] if os.geteuid() == 0 else ["--unshare-user"]
    binds = [word for each in system for word in ("--ro-bind", str(each), str(each))]
    bwrap = bubblewrap.candidates()[0].program
    return [
        bwrap,
        "--unshare-pid",
        *private,
        *binds,
        *mounts.read_only_mounts(*links),
        "--dev",
        "/dev",
    ]


def test_what_is_returned_makes_the_program_run_in_a_sandbox_and_shows_nothing_else(
    home: Path,
) -> None:
    node = program(home / ".nvm/versions/node/v22.1.0/bin/node", NODE)
    claude = npm_package(home / ".nvm/versions/node/v22.1.0")
    entry = link(home / ".local/bin/claude", claude)
    found = mounts.read_only_mounts(*installs.required_paths(entry, str(node.parent)))
    env = {"PATH": f"{node.parent}:/usr/bin:/bin"}
    # As an attempt, which has its own uid if this is root.
    drop = ["setpriv", "--reuid=66123", "--regid=66123", "--clear-groups", "--no-new-privs"]
    user = drop if os.geteuid() == 0 else []
    command = [
        *sandbox_argv(),
        *found,
        *user,
        "/bin/sh",
        "-c",
        'claude=$1; "$claude"; echo; find "$2" -type f',
    ]
    completed = subprocess.run(
        [*command, "sh", str(entry), str(home)], env=env, capture_output=True, text=True
    )
    words, *files = completed.stdout.splitlines()
    assert (words, completed.stderr) == ("beside", "")
    assert {Path(each).name for each in files} == {"node", "cli.js", "vendor.txt"}


def test_the_python_that_runs_this_is_understood() -> None:
    """A real layout, whichever this machine has."""
    found = installs.required_paths(Path(sys.executable))
    file = Path(sys.executable).resolve()
    kept = [*installs.SYSTEM_DIRECTORIES, *found]
    assert any(each == file or each in file.parents for each in kept)
