"""The server that verbs look at: an installation of this host, or a stack's home."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import config
from app.server_cli.installation import paths, settings
from app.server_cli.installation.paths import InstallationPaths
from app.server_cli.local import paths as stacks
from app.server_cli.local.errors import OperateError


@dataclass(frozen=True)
class Server:
    """`environment` is what its processes have; `places` are those of an installation."""

    environment: Mapping[str, str]
    paths: InstallationPaths | None

    @property
    def home(self) -> Path:
        return stacks.stack_home(self.environment)

    @property
    def port(self) -> int:
        return stacks.stack_port(environ=self.environment)

    @property
    def has_tls(self) -> bool:
        return bool(self.environment.get("MUSTER_TLS_CERT"))


def is_installed(home: Path) -> bool:
    """Whether it is the home of an installation, which has its keys in its settings and not there.

    Raises OperateError, OSError.
    """
    homes = []
    for each in paths.find_installations():
        try:
            named = settings.read_settings(each.settings).get("MUSTER_HOME")
        except PermissionError:  # the system's are root's alone
            named = None
        homes.append(Path(named) if named else each.home)
    return home.resolve() in (each.resolve() for each in homes)


def find_server(home: Path | None = None) -> Server:
    """That of a home that is named here or by MUSTER_HOME; else what is installed; else `.muster`.

    Raises OperateError for settings that we may not read, and where all that is installed is
    another's.
    """
    if home is None and not os.environ.get("MUSTER_HOME"):
        found = paths.find_installation()
        if found is not None:
            try:
                known = settings.read_settings(found.settings)
            except PermissionError:
                raise OperateError(f"{found.settings} is root's alone: run this as root") from None
            return Server({**_inherited_environment(), **known}, found)
    named = {"MUSTER_HOME": str(home)} if home else {}
    return Server({**os.environ, **named}, None)


def _inherited_environment() -> dict[str, str]:
    """The environment without what could be settings: those of an installation are in its file
    alone, and what is in a shell is another server's.
    """
    known = (*config.ADDRESSES, *config.SECRETS)
    return {
        name: text
        for name, text in os.environ.items()
        if name not in known and not name.startswith("MUSTER_")
    }
