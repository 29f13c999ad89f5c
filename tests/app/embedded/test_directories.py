"""Temporary directories that the servers' user can use."""

import os
import subprocess
import tempfile
from pathlib import Path

import pytest

from app.embedded.directories import shared_temporary


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
def test_programs_are_not_put_where_a_mount_forbids_to_run_them(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(directory))
    options = "size=1m,mode=1777,noexec"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", directory], check=True)
    try:
        assert shared_temporary(None) == directory
        assert shared_temporary(None, for_programs=True) != directory
    finally:
        subprocess.run(["umount", directory], check=True)
