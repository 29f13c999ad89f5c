"""The daemon's own enforcement of its lease. Its effect on real shims: `test_daemon_frozen.py`."""

import threading
from pathlib import Path

import pytest

from muster.worker.clock import boot_seconds
from muster.worker.lease.fence import Fence
from muster.worker.lease.lease import Lease


def test_nothing_is_killed_when_the_lease_is_prolonged_while_the_daemon_looks(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The processes it finds may have started since."""
    lease, looked, killed = Lease(), threading.Event(), []

    def at_work(attempts: Path) -> list[Path]:
        lease.record_sent(1, boot_seconds())
        lease.record_answered(1, 60)
        looked.set()
        return [attempts]

    monkeypatch.setattr("muster.worker.lease.fence._SHIM_GRACE_SECONDS", 0.05)
    monkeypatch.setattr("muster.worker.shim.client.find_busy_directories", at_work)
    monkeypatch.setattr("muster.worker.shim.client.kill", killed.append)
    lease.record_sent(0, boot_seconds() - 10)
    lease.record_answered(0, 5)
    fence = Fence(lease, tmp_path)
    assert looked.wait(10)
    lease.close()
    fence.close()
    assert killed == []
