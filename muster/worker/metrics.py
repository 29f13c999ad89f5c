"""The machine's hardware and load."""

import platform
import shutil
import socket
from pathlib import Path

import psutil

from muster.protocol.frames import Hardware, Metrics


def read_hardware(home: Path) -> Hardware:
    """Return sizes in bytes; the disk is the one with the workspaces."""
    return Hardware(
        cpu_count=psutil.cpu_count() or 1,
        memory_bytes=psutil.virtual_memory().total,
        disk_bytes=shutil.disk_usage(home).total,
        os=f"{platform.system()} {platform.release()}",
        arch=platform.machine(),
        hostname=socket.gethostname(),
    )


def sample_metrics(home: Path) -> Metrics:
    """Return percentages; the processors' since the previous sample (0 the first time)."""
    return Metrics(
        cpu_percent=psutil.cpu_percent(interval=None),
        memory_percent=psutil.virtual_memory().percent,
        disk_percent=psutil.disk_usage(str(home)).percent,
    )
