"""A complete Muster for all of its commands, with its users."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.install.conftest import _people
from tests.install.every.installed_muster import InstalledMuster
from tests.install.every.shell_user import SEEN_OUTPUTS, ShellUser
from tests.needs import declare_needs


@pytest.fixture(scope="session")
@declare_needs("uv")
def installed_muster(
    area: Path, wheels: tuple[Path, Path], python: str
) -> Iterator[InstalledMuster]:
    with _people(area) as come:
        made = InstalledMuster(come("uv"), python, *wheels)
        try:
            made.start_serving()
            yield made
            assert not (empty := SEEN_OUTPUTS.only_empty()), empty
        finally:
            made.stop()


@pytest.fixture(scope="session")
def admin(installed_muster: InstalledMuster) -> ShellUser:
    """The user that `muster-server install` created."""
    return installed_muster.people["admin"]


@pytest.fixture(scope="session")
def ada(installed_muster: InstalledMuster) -> ShellUser:
    """A developer."""
    return installed_muster.people["ada"]


@pytest.fixture(scope="session")
def bob(installed_muster: InstalledMuster) -> ShellUser:
    """Another one."""
    return installed_muster.people["bob"]


@pytest.fixture(scope="session")
def project(installed_muster: InstalledMuster, admin: ShellUser) -> Callable[..., str]:
    """Makes one that ada maintains and bob is in; its key."""

    def make(key: str, *stages: dict[str, Any], **more: Any) -> str:
        fields = {
            "key": key,
            "repoUrl": installed_muster.repository.url,
            "agentType": "claude",
            "members": {"ada": "maintainer", "bob": "member"},
            "pipeline": list(stages),
            **more,
        }
        file = installed_muster.home / f"{key}.yaml"
        file.write_text(yaml.safe_dump(fields))
        [saved] = admin.run_json(f"project apply -f {file} --yes")
        assert saved["key"] == key
        return key

    return make
