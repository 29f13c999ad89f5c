"""What who runs a server says to `muster-server`, and a second server that a backup becomes."""

import json
import signal

import pytest

from muster import __version__
from tests.flows.running_stack import PASSWORD, free_port
from tests.install.every.installed_muster import Whole
from tests.install.every.shell_user import Somebody

pytestmark = pytest.mark.timeout(900)


def test_a_server_is_looked_at_backed_up_and_made_again_elsewhere(
    whole: Whole, ada: Somebody
) -> None:
    operator = whole.operator
    told = json.loads(operator("muster-server status --json"))
    assert (told["ready"], told["version"]) == (True, __version__)
    findings = json.loads(operator("muster-server doctor --json", status=None))
    assert {"name", "ok", "text", "advice"} == findings[0].keys()
    assert "can sign in again" in operator("muster-server unlock ada")
    ada("profile confirm", given=PASSWORD)
    [token] = ada.told("profile create-token --label elsewhere")
    file, home = whole.home / "backup", whole.home / "elsewhere"
    assert f"{file} is whole" in operator(f"muster-server backup {file}")
    assert f"{file} is whole" in operator(f"muster-server backup --verify {file}")
    assert "Restored, as of" in operator(f"muster-server restore {file} --into {home}")
    operator.env |= {"MUSTER_HOME": str(home), "MUSTER_PORT": str(port := free_port())}
    with operator.beside("muster-server up") as up:
        up.until_said("Ctrl-C stops everything.")
        assert __version__ in operator(f"muster-server status --home {home}")
        there = Somebody(whole.person, whole.command, "there")
        there(f"login --server http://127.0.0.1:{port} --token -", given=f"{token['token']}\n")
        assert there.told("whoami")[0]["name"] == "ada"
        assert "/api/web/profile" in operator(f"muster-server logs web --home {home}")
        up.process.send_signal(signal.SIGTERM)
        up.until_ended(0)
