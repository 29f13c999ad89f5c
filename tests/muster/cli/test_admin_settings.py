"""The list of settings for admins."""

from collections.abc import Callable

import pytest

from app.domain.roles import SystemRole
from app.models import Developer
from tests.factories import make_developer
from tests.muster.cli.shell import Shell


def test_what_a_setting_does_is_read_whole_in_a_narrow_terminal(
    shell_of: Callable[[Developer], Shell], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    shell = shell_of(make_developer(role=SystemRole.ADMIN))
    shell.done("admin", "settings", "set", "maxLogMegabytes=123")
    output = shell.done("admin", "settings", "list").out
    assert "maxLogMegabytes = 123 MiB (default: " in output
    assert max(map(len, output.splitlines())) <= 60
    [about] = shell.done("admin", "settings", "list", "--jq", ".[0].help").out.splitlines()
    assert about in " ".join(output.split())
