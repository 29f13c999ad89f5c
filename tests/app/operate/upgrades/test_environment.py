"""What a release's environment is made by."""

from pathlib import Path

import pytest

from app.operate.backups import passphrase
from app.operate.upgrades import environment


def test_what_packages_run_while_they_are_installed_has_no_passphrase(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(passphrase.VARIABLE, "correct horse battery staple")
    monkeypatch.setenv("UV_INDEX_URL", "https://index.example.org/")
    seen = f'test -z "${{{passphrase.VARIABLE}+set}}" -a -n "$UV_INDEX_URL"'
    environment._run(["sh", "-c", seen], tmp_path)
