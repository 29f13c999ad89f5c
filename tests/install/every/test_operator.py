"""A server operator's `muster-server` commands, and a second server restored from a backup."""

import json
import signal

import pytest

from muster import __version__
from tests.flows.running_stack import PASSWORD, free_port
from tests.install.every.installed_muster import InstalledMuster
from tests.install.every.shell_user import ShellUser

pytestmark = pytest.mark.timeout(900)


def test_a_server_is_looked_at_backed_up_and_made_again_elsewhere(
    installed_muster: InstalledMuster, ada: ShellUser
) -> None:
    operator = installed_muster.operator
    status = json.loads(operator("muster-server status --json"))
    assert (status["ready"], status["version"]) == (True, __version__)
    findings = json.loads(operator("muster-server doctor --json", status=None))
    assert {"name", "ok", "text", "advice"} == findings[0].keys()
    assert "can sign in again" in operator("muster-server unlock ada")
    ada("profile reauthenticate", given=PASSWORD)
    [token] = ada.run_json("profile create-token --label elsewhere")
    file, home = installed_muster.home / "backup", installed_muster.home / "elsewhere"
    assert f"{file} is complete" in operator(f"muster-server backup {file}")
    assert f"{file} is complete" in operator(f"muster-server backup --verify {file}")
    assert "Restored, as of" in operator(f"muster-server restore {file} --into {home}")
    operator.env |= {"MUSTER_HOME": str(home), "MUSTER_PORT": str(port := free_port())}
    with operator.start_beside("muster-server up") as up:
        up.wait_for_output("Ctrl-C stops everything.")
        assert __version__ in operator(f"muster-server status --home {home}")
        there = ShellUser(installed_muster.person, installed_muster.command, "there")
        there(f"login --server http://127.0.0.1:{port} --token -", given=f"{token['token']}\n")
        assert there.run_json("whoami")[0]["name"] == "ada"
        assert "/api/web/profile" in operator(f"muster-server logs web --home {home}")
        up.process.send_signal(signal.SIGTERM)
        up.wait_until_ended(0)
