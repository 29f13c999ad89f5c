"""One whole Muster for all of its commands, and who use it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.install.conftest import _people
from tests.install.every.installed_muster import Whole
from tests.install.every.shell_user import HELD, Somebody
from tests.needs import declare_needs


@pytest.fixture(scope="session")
@declare_needs("uv")
def whole(area: Path, wheels: tuple[Path, Path], python: str) -> Iterator[Whole]:
    with _people(area) as come:
        made = Whole(come("uv"), python, *wheels)
        try:
            made.begin_to_serve()
            yield made
            assert not (empty := HELD.only_empty()), empty
        finally:
            made.stop()


@pytest.fixture(scope="session")
def admin(whole: Whole) -> Somebody:
    """Whom `muster-server install` has made."""
    return whole.people["admin"]


@pytest.fixture(scope="session")
def ada(whole: Whole) -> Somebody:
    """A developer."""
    return whole.people["ada"]


@pytest.fixture(scope="session")
def bob(whole: Whole) -> Somebody:
    """Another one."""
    return whole.people["bob"]


@pytest.fixture(scope="session")
def project(whole: Whole, admin: Somebody) -> Callable[..., str]:
    """Makes one that ada maintains and bob is in; its key."""

    def make(key: str, *stages: dict[str, Any], **more: Any) -> str:
        said = {
            "key": key,
            "repoUrl": whole.repository.url,
            "agentType": "claude",
            "members": {"ada": "maintainer", "bob": "member"},
            "pipeline": list(stages),
            **more,
        }
        file = whole.home / f"{key}.yaml"
        file.write_text(yaml.safe_dump(said))
        [saved] = admin.told(f"project apply -f {file} --yes")
        assert saved["key"] == key
        return key

    return make
