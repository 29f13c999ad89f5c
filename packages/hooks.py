"""Hatchling hooks for building the packages."""

import json
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from packages import requirements, version  # noqa: E402  (hatchling loads this file alone)

CLIENT = "muster-client"
CONSOLE = ROOT / "console" / "dist"
BUNDLED_DIRECTORY = "app/worker_install/files"
LOCKS = ("requirements.txt", "requirements-worker.txt")


class Metadata(MetadataHookInterface):
    """Sets the dependencies."""

    def update(self, metadata: dict[str, Any]) -> None:
        if metadata["name"] == CLIENT:
            metadata["dependencies"] = requirements.read_requirements(ROOT, "requirements-client")
            worker = requirements.read_requirements(ROOT, "requirements-worker")
            metadata["optional-dependencies"] = {"worker": worker}
        else:
            own = f"{CLIENT}[worker]=={version.package_version(ROOT)}"
            metadata["dependencies"] = [own, *requirements.read_requirements(ROOT, "requirements")]


class Build(BuildHookInterface[Any]):
    """Adds the console, the client's wheel for machines, and the locks to the server's package."""

    def initialize(self, _version: str, build_data: dict[str, Any]) -> None:
        name = f"muster_client-{version.package_version(ROOT)}-py3-none-any.whl"
        wheel = Path(self.directory) / name
        if not wheel.is_file():
            raise FileNotFoundError(f"{wheel} is missing: run `make dist`")
        carried = [wheel, *(ROOT / lock for lock in LOCKS)]
        files = {path: f"{BUNDLED_DIRECTORY}/{path.name}" for path in carried}
        files |= {CONSOLE / name: f"console/dist/{name}" for name in _built_files()}
        build_data["force_include"] |= {str(path): place for path, place in files.items()}


def _built_files() -> list[str]:
    """List the files of the console's current build; the previous one's are next to them."""
    names: list[str] = json.loads((CONSOLE / ".files.json").read_text())["now"]
    return names
