"""Where the servers' programs run from."""

from pathlib import Path

import pytest

from app.embedded import binaries
from app.embedded.directories import shared_temporary
from tests.app.embedded.embedded_clients import carry_binaries


@pytest.mark.parametrize("name", ['the "new" one', "50 $", "a`b"])
@pytest.mark.parametrize("is_homes", [True, False], ids=["also in the home", "in the package"])
def test_a_path_that_a_shell_would_change_is_not_run_from(
    name: str, directory: Path, monkeypatch: pytest.MonkeyPatch, *, is_homes: bool
) -> None:
    carry_binaries(site := directory / name / "site")
    monkeypatch.syspath_prepend(str(site))
    home = directory / name / "home" if is_homes else directory / "home"
    found = binaries.find(binaries.POSTGRES, None, home)
    place = shared_temporary(None, for_programs=True) if is_homes else home
    assert found.is_relative_to(place)
    assert name not in str(found)
