"""An installation's files are on disk by the time it relies on them."""

import os
from pathlib import Path

import pytest

from app.server_cli.installation import settings, units
from app.server_cli.installation.paths import InstallationPaths
from app.server_cli.upgrades import releases
from app.server_cli.upgrades.releases import InstalledReleases, Release


def test_each_file_is_before_it_has_its_name_and_the_names_are_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    monkeypatch.setattr(
        os, "fsync", lambda descriptor: synced.append(os.readlink(f"/proc/self/fd/{descriptor}"))
    )
    where = InstallationPaths(
        tmp_path / "muster.env", tmp_path / "home", tmp_path / "units", is_user=True
    )
    settings.write_settings(where.settings, {"MUSTER_PORT": "9000"})
    assert synced == [f"{where.settings}.new", str(tmp_path)]
    synced.clear()
    releases.store_releases(where, InstalledReleases(Release("0.1.0", "/bin/python")))
    assert synced == [f"{where.release}.new", str(tmp_path)]
    synced.clear()
    units.write_units(where, {})
    assert set(synced[:-1]) == {f"{where.units}/{name}.new" for name in units.NAMES}
    assert synced[-1] == str(where.units)
