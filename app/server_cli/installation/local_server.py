"""Find the server that commands work on: an installation of this host, or a stack's home."""

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
    """`environment` has its processes' variables; `paths` are an installation's."""

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
    """Whether the home belongs to an installation, whose keys are in its settings instead.

    Raises OperateError, OSError.
    """
    homes = []
    for each in paths.find_installations():
        try:
            named = settings.read_settings(each.settings).get("MUSTER_HOME")
        except PermissionError:  # only root can read the system's
            named = None
        homes.append(Path(named) if named else each.home)
    return home.resolve() in (each.resolve() for each in homes)


def find_server(home: Path | None = None) -> Server:
    """Return the server of a home given here or by MUSTER_HOME; else the installed one; else
    `.muster`.

    Raises OperateError for settings that we can't read, and if every installation is another
    user's.
    """
    if home is None and not os.environ.get("MUSTER_HOME"):
        found = paths.find_installation()
        if found is not None:
            try:
                known = settings.read_settings(found.settings)
            except PermissionError:
                raise OperateError(
                    f"only root can read {found.settings}: run this as root"
                ) from None
            return Server({**_inherited_environment(), **known}, found)
    named = {"MUSTER_HOME": str(home)} if home else {}
    return Server({**os.environ, **named}, None)


def _inherited_environment() -> dict[str, str]:
    """The environment without variables that could be settings: an installation has its settings
    only in its file, and those in a shell are another server's.
    """
    known = (*config.ADDRESSES, *config.SECRETS)
    return {
        name: text
        for name, text in os.environ.items()
        if name not in known and not name.startswith("MUSTER_")
    }
