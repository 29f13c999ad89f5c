"""Clean up after a daemon: keep what belongs to an attempt, remove the rest.

A decommissioned machine keeps nothing.
"""

import contextlib
import logging
import os
import re
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from muster.protocol.attempt_key import AttemptKey
from muster.worker import processes
from muster.worker.agents import attempt_state
from muster.worker.git.quarantine import DIRECTORY as QUARANTINE
from muster.worker.layout import Layout
from muster.worker.sandbox import trees
from muster.worker.sandbox.uids import Identity
from muster.worker.shim import client as shim_client
from muster.worker.shim.client import ShimGone, ShimRefused
from muster.worker.tunnels import command as tunnel_command

_ATTEMPT_NAME = re.compile(r"(\d{1,18})-(\d{1,9})")

log = logging.getLogger(__name__)


class NotAWorkerHome(Exception):
    """The home contains files of another origin."""


def remove_orphans(layout: Layout, own: set[str]) -> list[AttemptKey]:
    """End shims, remove directories and free uids that belong to no attempt; return the attempts.
    The uids of these names are the daemon's own.
    """
    kept = []
    for directory in _children(layout.attempts):
        name = _ATTEMPT_NAME.fullmatch(directory.name)
        if name and attempt_state.read(directory) is not None:
            kept.append(AttemptKey(int(name[1]), int(name[2])))
        else:
            log.warning("%s belongs to no attempt; stopping what runs in it", directory)
            _stop_and_remove(directory)
    for quarantine in layout.mirrors.glob(f"*.git/{QUARANTINE}/*"):
        trees.remove(quarantine)  # left by a killed daemon: this one has started nothing yet
    names = {key.name for key in kept}
    _kill_uids(layout, names | own)  # nothing will restore what is removed
    _remove_directories(
        [p for root in (layout.workspaces, layout.homes, layout.images) for p in _children(root)],
        names,
    )
    _release_uids(layout, names | own)
    return sorted(kept)


def stop_all(layout: Layout) -> None:
    """End everything that runs in attempts, all at once; their files stay."""
    with ThreadPoolExecutor() as pool:
        list(pool.map(_stop_shim, _children(layout.attempts)))


def is_worker_home(layout: Layout) -> bool:
    """Whether a worker created the home's contents; False if it has no such files.

    Directories of these names may be another program's. Raises NotAWorkerHome if there is no
    worker's ID, or if the home is another user's.
    """
    made = [each for each in layout.directories if each.is_dir() and any(each.iterdir())]
    if not made:
        return False
    names = ("credentials.json", "machine-id")
    if not any((layout.credentials / name).is_file() for name in names):
        raise NotAWorkerHome(f"{layout.home} isn't a worker's home: other files are in it")
    if layout.home.stat().st_uid != os.geteuid():
        raise NotAWorkerHome(f"{layout.home} belongs to another user: reset it as that user")
    return True


def erase_home(layout: Layout) -> None:
    """End and delete everything that a worker created in its home, the credentials last.

    So an interrupted machine connects again, is decommissioned again, and deletes the rest. The
    home itself stays, with files of other origin and links in place of our directories. Raises
    OSError that names what can't be deleted; then the credentials stay.
    """
    for directory in _children(layout.attempts):
        _stop_and_remove(directory)
    _release_uids(layout, set())
    stayed = []
    # Attempts first: they can't be resumed afterwards.
    attempts = (
        *(layout.attempts, layout.workspaces, layout.homes, layout.images),
        layout.identities,
    )
    for directory in (
        *attempts,
        layout.self_test,
        layout.interpreters,
        layout.mirrors,
        layout.journal,
    ):
        try:
            _erase_directory(directory)
        except OSError as error:
            stayed.append(str(error))
    if stayed:
        raise OSError("; ".join(stayed))
    layout.safe_directories.unlink(missing_ok=True)
    layout.agent_versions.unlink(missing_ok=True)
    _erase_directory(
        layout.releases
    )  # programs of our own: if interrupted, the installed release runs
    _erase_directory(layout.credentials)


def _erase_directory(directory: Path) -> None:
    for path in _children(directory):
        trees.remove(path)
    if not directory.is_symlink():
        directory.rmdir()


def _stop_and_remove(directory: Path) -> None:
    _stop_shim(directory)
    shutil.rmtree(directory, ignore_errors=True)


def _stop_shim(directory: Path) -> None:
    with contextlib.suppress(ShimGone, ShimRefused, TimeoutError):
        if shim := shim_client.attach(directory):
            shim.quit()
    shim_client.reap(directory)
    processes.terminate_all(lambda: tunnel_command.find_marked(str(directory.resolve())))


def _remove_directories(directories: list[Path], names: set[str]) -> None:
    for directory in directories:
        if directory.name not in names:
            log.warning("%s belongs to no attempt; removing it", directory)
            try:
                trees.remove(directory)
            except OSError as error:
                log.error("%s", error)


def _kill_uids(layout: Layout, names: set[str]) -> None:
    """Kill what still runs under the uids of removed attempts."""
    for identity in _orphan_identities(layout, names):
        identity.kill()


def _release_uids(layout: Layout, names: set[str]) -> None:
    """The same, and free those uids."""
    for identity in _orphan_identities(layout, names):
        identity.release()


def _orphan_identities(layout: Layout, names: set[str]) -> Iterator[Identity]:
    for claim in _children(layout.identities):
        if claim.name.isdecimal() and claim.is_symlink() and os.readlink(claim) not in names:
            yield Identity(int(claim.name), claim)


def _children(directory: Path) -> list[Path]:
    return sorted(directory.iterdir())
