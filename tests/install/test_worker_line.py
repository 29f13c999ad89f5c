"""The line that makes a machine, run for real: as an ordinary user, over TLS with an authority of
our own, against a whole server, with packages from the index."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.flows.running_stack import wait_for
from tests.install.pasted_commands import Foreground, Host, Server

pytestmark = pytest.mark.timeout(1200)


def test_the_line_makes_a_machine_again_upgrades_it_and_uninstalled_it_leaves_nothing(
    server: Server, host: Host
) -> None:
    token = server.token()
    assert "-k --pinnedpubkey sha256//" in token["installLine"]
    options = "--user --foreground --name whimbrel --slots 3 --label gpu=true"
    ran = Foreground(host, f"{token['installLine']} {options}")
    ran.has_printed("connected to")
    status = wait_for(lambda: (s := server.status(token))["connectedAt"] and s, "connection")
    machine = status["machine"]
    assert (machine["name"], machine["slots"]["total"]) == ("whimbrel", 3)
    assert (machine["labels"], status["agents"]) == ({"gpu": "true"}, [])
    secret = token["token"].encode()
    worker = ran.worker()
    assert secret not in Path(f"/proc/{worker}/environ").read_bytes()
    assert secret.decode() not in ran.said
    assert "another worker is running" in host.uninstall()[1]
    assert ran.stop() == 0, ran.said

    # Already enrolled: no token is needed, and the options are the earlier ones.
    again = token["installLine"].replace(token["token"], "")
    second = Foreground(host, f"{again} --user --foreground")
    second.has_printed("connected to")
    assert "already enrolled" in second.said
    assert "labels: gpu=true" in second.said
    assert second.stop() == 0, second.said
    (reinstalled,) = [each for each in _machines(server) if each["name"] == "whimbrel"]
    assert reinstalled["id"] == machine["id"]

    gone, output = host.uninstall()
    assert (gone, host.files()) == (0, []), output


def _machines(server: Server) -> list[dict[str, Any]]:
    return list(server.api.get("/api/web/machines").json()["items"])


def test_a_dry_run_does_nothing(server: Server, host: Host) -> None:
    done, output = host.paste(f"{server.token()['installLine']} --user --dry-run")
    assert (done, host.files()) == (0, []), output


def test_another_wheel_is_refused(server: Server, host: Host) -> None:
    token = server.token()
    (wheel,) = server.carried.glob("*.whl")
    fetch, _, run = token["installLine"].partition(" | ")
    script = host.home / "worker.sh"
    assert host.paste(f"{fetch} > {script}")[0] == 0
    before = wheel.read_bytes()
    try:
        wheel.write_bytes(before + b"\0")
        run = run.replace("sh -s --", f"sh {script} --user --foreground")
        done, output = host.paste(run)
    finally:
        wheel.write_bytes(before)
    assert done == 1, output
    assert "doesn't match the server's SHA-256" in output
    assert "--uninstall" in output
    assert server.status(token)["status"] == "unused"


def test_another_key_than_the_servers_is_not_trusted(server: Server, host: Host) -> None:
    token = server.token()
    pin = re.search(r"sha256//\S+", token["installLine"])
    assert pin is not None
    stranger = f"sha256//{'A' * 43}="
    line = token["installLine"].replace(pin[0], stranger)
    assert "pinned" in host.paste(f"{line} --user --foreground")[1].lower()
    done, _ = host.paste(f"{token['installLine']} --user --foreground --pin {stranger}")
    assert done != 0
    assert server.status(token)["status"] == "unused"
