"""What an earlier life of the daemon left: kept where it belongs to an attempt, cleared else."""

import contextlib
import logging
import os
import re
import shutil
from pathlib import Path

from muster.protocol.attempt_key import AttemptKey
from muster.worker import processes
from muster.worker.agents import kept_order
from muster.worker.git import workspace
from muster.worker.layout import Layout
from muster.worker.room.identity import Identity
from muster.worker.shim import client as shim_client
from muster.worker.shim.client import ShimGone, ShimRefused
from muster.worker.tunnels import command as tunnel_command

_NAME = re.compile(r"(\d{1,18})-(\d{1,9})")

log = logging.getLogger(__name__)


def clear(layout: Layout) -> list[AttemptKey]:
    """Ends shims and removes directories that belong to no attempt; returns the attempts."""
    kept = []
    for directory in _children(layout.attempts):
        name = _NAME.fullmatch(directory.name)
        if name and kept_order.read(directory) is not None:
            kept.append(AttemptKey(int(name[1]), int(name[2])))
        else:
            _end(directory)
    names = {key.name for key in kept}
    _remove([p for root in (layout.workspaces, layout.homes) for p in _children(root)], names)
    _release(layout, names)
    return sorted(kept)


def _end(directory: Path) -> None:
    log.warning("%s belongs to no attempt; what runs in it is ended", directory)
    with contextlib.suppress(ShimGone, ShimRefused, TimeoutError):
        if shim := shim_client.attach(directory):
            shim.quit()
    shim_client.reap(directory)
    processes.end(lambda: tunnel_command.marked(str(directory.resolve())))
    shutil.rmtree(directory, ignore_errors=True)


def _remove(directories: list[Path], names: set[str]) -> None:
    for directory in directories:
        if directory.name not in names:
            log.warning("%s belongs to no attempt; it is removed", directory)
            try:
                workspace.erase(directory)
            except OSError as error:
                log.error("%s", error)


def _release(layout: Layout, names: set[str]) -> None:
    """Frees the uids of attempts that are no more, and kills what still runs under them."""
    for claim in _children(layout.identities):
        if claim.name.isdecimal() and claim.is_symlink() and os.readlink(claim) not in names:
            Identity(int(claim.name), claim).release()


def _children(directory: Path) -> list[Path]:
    return sorted(directory.iterdir())
