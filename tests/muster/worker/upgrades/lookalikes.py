"""Environments that look like installed ones, created instantly: their contents are links to
ours."""

import sys
import sysconfig
from pathlib import Path

from muster.protocol.frames import Release
from muster.worker.layout import Layout
from muster.worker.upgrades import releases

SOURCES = Path(__file__).resolve().parents[4]
HANGS = "import os, time; 'MUSTER_WORKER_WATCHDOG' in os.environ and time.sleep(600)"
CRASHES = "import os; 'MUSTER_WORKER_WATCHDOG' in os.environ and os._exit(7)"


def environment(place: Path, version: str, line: str = "") -> Path:
    """Create one whose worker reports this version. `line` is run by its Python at every start.
    Returns the interpreter."""
    lib = place / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
    lib.mkdir(parents=True)
    base = Path(sys._base_executable).resolve()  # type: ignore[attr-defined]
    (place / "pyvenv.cfg").write_text(f"home = {base.parent}\n")
    (place / "bin").mkdir()
    (place / "bin" / "python").symlink_to(base)
    (lib / "muster").symlink_to(SOURCES / "muster")
    record = lib / f"muster_client-{version}.dist-info" / "RECORD"
    record.parent.mkdir()
    record.write_text(version)
    lines = [
        sysconfig.get_path("purelib"),
        f"import muster; muster.__version__ = {version!r}",
        line,
    ]
    (lib / "it.pth").write_text("\n".join(lines))
    return place / "bin" / "python"


def release(version: str, digit: str = "a") -> Release:
    wheel = f"muster_client-{version}+muster-py3-none-any.whl"
    return Release(version, wheel, digit * 64, digit * 64)


def prepared(layout: Layout, offered: Release, line: str = "") -> Path:
    """Makes it as if it had been prepared. Returns the interpreter."""
    name = releases.release_name(offered)
    python = environment(layout.releases / name, offered.version, line)
    (layout.releases / name / releases.COMPLETE_FILE_NAME).touch()
    return python
