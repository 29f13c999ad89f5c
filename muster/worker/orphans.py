"""What a life of the daemon leaves: kept where it belongs to an attempt, cleared else.

Of a machine that is decommissioned nothing is kept.
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
    """What is in a home was made by others."""


def remove_orphans(layout: Layout, own: set[str]) -> list[AttemptKey]:
    """Ends shims, removes directories and frees uids that belong to no attempt; returns the
    attempts. The uids of these names are the daemon's own."""
    kept = []
    for directory in _children(layout.attempts):
        name = _ATTEMPT_NAME.fullmatch(directory.name)
        if name and attempt_state.read(directory) is not None:
            kept.append(AttemptKey(int(name[1]), int(name[2])))
        else:
            log.warning("%s belongs to no attempt; what runs in it is ended", directory)
            _stop_and_remove(directory)
    for quarantine in layout.mirrors.glob(f"*.git/{QUARANTINE}/*"):
        trees.remove(quarantine)  # of a daemon that was killed: this one has begun nothing yet
    names = {key.name for key in kept}
    _kill_uids(layout, names | own)  # nobody is to put back what is removed
    _remove_directories(
        [p for root in (layout.workspaces, layout.homes) for p in _children(root)], names
    )
    _release_uids(layout, names | own)
    return sorted(kept)


def stop_all(layout: Layout) -> None:
    """Ends what runs in attempts, all at once; what they are stays."""
    with ThreadPoolExecutor() as pool:
        list(pool.map(_stop_shim, _children(layout.attempts)))


def is_worker_home(layout: Layout) -> bool:
    """Whether a worker has made what is in the home; False: nothing is there that it would make.

    Directories of such names may be of others. Raises NotAWorkerHome where no worker has left its
    id there, or the home is another user's.
    """
    made = [each for each in layout.directories if each.is_dir() and any(each.iterdir())]
    if not made:
        return False
    names = ("credentials.json", "machine-id")
    if not any((layout.credentials / name).is_file() for name in names):
        raise NotAWorkerHome(
            f"{layout.home} is no home of a worker's: what is there was made by others"
        )
    if layout.home.stat().st_uid != os.geteuid():
        raise NotAWorkerHome(f"{layout.home} belongs to another user: erase it as that one")
    return True


def erase_home(layout: Layout) -> None:
    """Ends and erases all that a worker made in its home, the credentials last.

    So a machine that is cut short connects again, hears again that it is decommissioned, and erases
    the rest. The home itself stays, with what others put there, and so do links that stand for
    directories of ours. Raises OSError that names what cannot be erased; then the credentials stay.
    """
    for directory in _children(layout.attempts):
        _stop_and_remove(directory)
    _release_uids(layout, set())
    stayed = []
    # Attempts first: of those nothing is taken up again.
    attempts = (layout.attempts, layout.workspaces, layout.homes, layout.identities)
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
    _erase_directory(
        layout.releases
    )  # what we may run of ourselves: who is cut short runs the installed one
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
            log.warning("%s belongs to no attempt; it is removed", directory)
            try:
                trees.remove(directory)
            except OSError as error:
                log.error("%s", error)


def _kill_uids(layout: Layout, names: set[str]) -> None:
    """Kills what still runs under the uids of attempts that are no more."""
    for identity in _orphan_identities(layout, names):
        identity.kill()


def _release_uids(layout: Layout, names: set[str]) -> None:
    """Likewise, and frees those uids."""
    for identity in _orphan_identities(layout, names):
        identity.release()


def _orphan_identities(layout: Layout, names: set[str]) -> Iterator[Identity]:
    for claim in _children(layout.identities):
        if claim.name.isdecimal() and claim.is_symlink() and os.readlink(claim) not in names:
            yield Identity(int(claim.name), claim)


def _children(directory: Path) -> list[Path]:
    return sorted(directory.iterdir())
