"""No mount of a sandbox is below anything that an attempt can write."""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from muster.worker.daemon import Daemon
from muster.worker.sandbox import bubblewrap, mount_safety
from muster.worker.sandbox.bubblewrap import Candidate
from muster.worker.sandbox.mount_safety import UnsafeMounts
from muster.worker.sandbox.mounts import HOME, WORKSPACE, SandboxDirectory
from muster.worker.sandbox.sandbox import Sandbox
from muster.worker.settings import Settings
from tests.muster.worker import uids
from tests.muster.worker.repositories import repository, root
from tests.muster.worker.sandbox.sample_sandbox import make_sandbox
from tests.muster.worker.worker_home import WorkerHome, worker

__all__ = ["repository", "root", "worker"]

BWRAPS = bubblewrap.candidates()
WORK = ("--bind", "/srv/work", "/workspace")


def unsafe(arguments: Sequence[str]) -> list[tuple[str, str]]:
    return [(str(a.target), str(b.target)) for a, b in mount_safety.find_unsafe(arguments)]


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        pytest.param([*WORK, "--tmpfs", "/tmp"], [], id="beside it"),
        pytest.param(["--ro-bind", "/opt", "/workspace", *WORK], [], id="at its own place"),
        pytest.param(["--ro-bind", "/srv", "/srv", *WORK], [], id="around its source"),
        pytest.param([*WORK, "--tmpfs", "/workspace/x"], ["/workspace/x"], id="a cover"),
        pytest.param([*WORK, "--dir", "/workspace/x"], ["/workspace/x"], id="a directory"),
        pytest.param([*WORK, "--symlink", "a", "/workspace/x"], ["/workspace/x"], id="a link"),
        pytest.param([*WORK, "--ro-bind", "/a", "/workspace/x/y"], ["/workspace/x/y"], id="deep"),
        pytest.param(["--dir", "/workspace/x", *WORK], ["/workspace/x"], id="made before it"),
        pytest.param([*WORK, "--bind", "/b", "/workspace/b"], ["/workspace/b"], id="another"),
        pytest.param(
            ["--ro-bind", "/srv", "/data", *WORK, "--tmpfs", "/data/work/x"],
            ["/data/work/x"],
            id="by another way to its source",
        ),
        pytest.param(
            ["--tmpfs", "/srv", "--dir", "/srv/work/x", "--bind", "/other", "/workspace"],
            [],
            id="in memory",
        ),
    ],
)
def test_what_lies_below_a_writable_mount_is_found(arguments: list[str], found: list[str]) -> None:
    assert unsafe(["--perms", "0755", *arguments]) == [(place, "/workspace") for place in found]


def test_a_link_of_the_host_is_followed(tmp_path: Path) -> None:
    (tmp_path / "writable").mkdir()
    (tmp_path / "link").symlink_to("writable")
    around = ["--ro-bind", str(tmp_path), "/data", "--bind", f"{tmp_path}/writable", "/workspace"]
    assert unsafe([*around, "--tmpfs", "/data/link/x"]) == [("/data/link/x", "/workspace")]


def test_an_option_that_nobody_has_judged_is_refused() -> None:
    with pytest.raises(ValueError, match="--overlay"):
        unsafe(["--overlay", "/a", "/b"])


# Real sandboxes


def version(program: str) -> tuple[int, int]:
    output = subprocess.run(
        [program, "--version"], capture_output=True, text=True, check=True
    ).stdout
    found = re.search(r"(\d+)\.(\d+)", output)
    assert found is not None, output
    return int(found[1]), int(found[2])


@pytest.fixture(params=BWRAPS, ids=lambda candidate: candidate.origin)
def bwrap(request: pytest.FixtureRequest) -> Candidate:
    found: Candidate = request.param
    return found


@pytest.fixture
def sandbox(root: Path, bwrap: Candidate) -> Sandbox:
    """A sandbox with one more writable directory, and one readable."""
    for name in ("cache", "tools"):
        (root / name).mkdir()
    shown = (SandboxDirectory(root / "cache", writable=True), SandboxDirectory(root / "tools"))
    return replace(make_sandbox(root / "home", *shown), bwrap=bwrap.program)


def plant(link: Path, target: Path) -> None:
    """A link to the host, as bubblewrap finds it while it makes a sandbox."""
    if not link.is_symlink() and not link.exists():
        link.symlink_to(f"/oldroot{target}")


def run(room: Sandbox, arguments: Sequence[str] = ()) -> None:
    argv = room.command("/bin/true")
    at = argv.index("--remount-ro")
    subprocess.run([*argv[:at], *arguments, *argv[at:]], capture_output=True, check=False)


def test_links_at_every_mount_point_have_nothing_made_outside(root: Path, sandbox: Sandbox) -> None:
    outside = root / "outside"
    outside.mkdir()
    assert sandbox.mounts
    found = list(mount_safety.parse_mounts(sandbox.mounts.arguments))
    names = {part for mount in found for part in mount.target.parts[1:]}
    assert {"workspace", "tmp", "python"} < names
    writable = [mount.source for mount in found if mount.option == "--bind" and mount.source]
    assert len(writable) == 3
    for place in writable:
        for name in names:
            plant(place / name, outside)
        for mount in found:  # and absolute paths, for places of the same shape
            path = place.joinpath(*mount.target.parts[1:-1])
            if not any(parent.is_symlink() for parent in (path, *path.parents)):
                path.mkdir(parents=True, exist_ok=True)
                plant(path / mount.target.name, outside / mount.target.name)
    run(sandbox)
    assert list(outside.iterdir()) == []


def test_a_mount_that_breaks_the_rule_is_found_and_would_be_an_attack(
    root: Path, sandbox: Sandbox, bwrap: Candidate
) -> None:
    outside = root / "outside"
    outside.mkdir()
    plant(sandbox.host_workspace / "x", outside)
    broken = ["--tmpfs", f"{WORKSPACE}/x/y"]
    assert sandbox.mounts
    assert unsafe([*sandbox.mounts.arguments, *broken]) == [(f"{WORKSPACE}/x/y", WORKSPACE)]
    run(sandbox, broken)
    is_open = version(bwrap.program) < (0, 12)
    assert [path.name for path in outside.iterdir()] == (["y"] if is_open else [])


@pytest.mark.parametrize("below", ["the worker's home", "another directory", "an agent"])
def test_a_worker_does_not_start_with_a_mount_below_a_writable_directory(
    worker: WorkerHome, monkeypatch: pytest.MonkeyPatch, below: str
) -> None:
    data = worker.layout.home.parent / "data"
    (data / "bin").mkdir(parents=True)
    shown = [SandboxDirectory(data, writable=True)]
    if below == "the worker's home":
        shown = [SandboxDirectory(data.parent, writable=True)]
    elif below == "another directory":
        shown.append(SandboxDirectory(data / "bin"))
    else:
        shutil.copy2("/bin/true", data / "bin" / "claude")
        monkeypatch.setenv("PATH", f"{data}/bin:{os.environ['PATH']}")
    with pytest.raises(UnsafeMounts, match="which attempts can write"):
        Daemon(worker.layout.home, Settings(uids=uids.OWN, sandbox_directories=tuple(shown)))


def test_a_home_that_the_attempts_own_would_hide_is_refused() -> None:
    shown = ["--dir", f"{HOME}/.muster-worker/mirrors/x.git/objects"]
    assert unsafe([*shown, "--bind", "/srv/home", HOME]) == [(shown[1], HOME)]
