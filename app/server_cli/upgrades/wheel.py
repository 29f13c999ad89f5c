"""The file that an operator names: a server package, which bundles the client's."""

import hashlib
import re
import zipfile
from dataclasses import dataclass
from email.parser import Parser
from pathlib import Path

from app.server_cli.local.errors import OperateError

BUNDLED_DIRECTORY = "app/worker_install/files/"
LOCKS = ("requirements.txt", "requirements-worker.txt")
_NAME = re.compile(r"muster_server-([A-Za-z0-9_.]+)\+muster-py3-none-any\.whl")
_CLIENT = re.compile(r"muster_client-[A-Za-z0-9_.+]{1,100}-py3-none-any\.whl")


@dataclass(frozen=True)
class Wheel:
    """`path` is where the wheel called `name` is; `sha256` is of its bytes, in hexadecimal."""

    path: Path
    version: str
    client: str
    sha256: str

    @property
    def label(self) -> str:
        """The name of its release's directory."""
        return f"{self.version}-{self.sha256[:12]}"


def read_wheel(path: Path) -> Wheel:
    """Read a server package. Raises OperateError if it isn't complete."""
    named = _NAME.fullmatch(path.name)
    if named is None:
        raise OperateError(f"{path.name} isn't a server package: use muster_server-….whl")
    try:
        content = path.read_bytes()
        with zipfile.ZipFile(path) as packed:
            return _read_packed(path, named[1], packed, hashlib.sha256(content).hexdigest())
    except (OSError, zipfile.BadZipFile, UnicodeDecodeError) as problem:
        raise OperateError(f"can't read {path}: {problem}") from None


def _read_packed(path: Path, version: str, packed: zipfile.ZipFile, sha256: str) -> Wheel:
    if (torn := packed.testzip()) is not None:
        raise OperateError(f"{path} is damaged ({torn}): download it again")
    names = packed.namelist()
    metadata_path = f"muster_server-{version}+muster.dist-info/METADATA"
    carried = [
        name.removeprefix(BUNDLED_DIRECTORY) for name in names if name.startswith(BUNDLED_DIRECTORY)
    ]
    clients = [name for name in carried if _CLIENT.fullmatch(name)]
    if metadata_path not in names or len(clients) != 1 or not set(LOCKS) <= set(carried):
        raise OperateError(f"{path} isn't a package made by `make dist`")
    metadata = Parser().parsestr(packed.read(metadata_path).decode())
    if (metadata["Name"], metadata["Version"]) != ("muster-server", f"{version}+muster"):
        raise OperateError(f"{path} contains a different package than its name says")
    return Wheel(path, version, clients[0], sha256)


def unpack_bundled(wheel: Wheel, place: Path) -> list[Path]:
    """Unpack the bundled files into a directory: the locks and the client. Returns the paths of the
    client and of our own copy. Raises OSError.
    """
    with zipfile.ZipFile(wheel.path) as packed:
        for name in (*LOCKS, wheel.client):
            (place / name).write_bytes(packed.read(BUNDLED_DIRECTORY + name))
    own = place / wheel.path.name
    own.write_bytes(wheel.path.read_bytes())
    return [place / wheel.client, own]
