"""A tunnel through the complete stack; the machine's tunnel command is a stand-in."""

import shlex
from pathlib import Path

from muster.protocol.attempt_key import AttemptKey
from muster.worker import processes
from muster.worker.layout import Layout
from muster.worker.tunnels import command as tunnel_command
from tests.flows.running_stack import RunningStack, wait_for
from tests.muster.worker import tunnel_stand_in


def stand_in_command(place: Path) -> str:
    """Install the command that the machine is configured to run."""
    program = shlex.join(["python3", str(place / "stand-in"), str(place / "plan")])
    return f"{program} tunnel --accept-server-license-terms --name {{name}}"


def test_a_developer_opens_a_tunnel_into_a_running_task_and_it_ends_with_it(
    running: RunningStack,
) -> None:
    place = running.home / "tunnel"
    place.chmod(0o777)
    (place / "stand-in").write_text(Path(tunnel_stand_in.__file__).read_text())
    (place / "plan").write_text("login pieces deaf")
    task = running.task(
        running.project(
            "TUNNEL", {"name": "long", "kind": "shell", "command": "echo up; sleep 4245"}
        )
    )
    task.wait_until_logged(b"up")
    path = f"/api/web/workspace-tunnel/{task.id}"
    assert running.api.post(f"{path}/start", {})["state"] == "starting"
    shown = wait_for(
        lambda: s if (s := running.api.get(f"{path}/status"))["state"] == "connected" else None,
        "connected tunnel",
    )
    assert shown["url"].startswith("https://vscode.dev/tunnel/m")
    assert shown["url"].endswith("/workspace")
    mark = str(Layout(running.machine.home).attempt(AttemptKey(task.id, 1)).resolve())
    assert processes.processes_in_group(tunnel_command.find_marked(mark)[0].group)
    task.act("cancel")
    wait_for(
        lambda: running.api.get(f"{path}/status")["state"] == "closed", "end of the tunnel", 20
    )
    assert not tunnel_command.find_marked(mark)
    assert "needs a login" in task.messages("tunnel")
