"""One stack for all flows of a test process: its start takes longer than most of them."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app.chat.platforms import Lark, Slack
from tests.chaos.world import end_all_of
from tests.flows.running_stack import RunningStack
from tests.flows.test_tunnel import stand_in_command
from tests.gunicorns import end_at_once


@pytest.fixture(scope="package")
def running() -> Iterator[RunningStack]:
    home = Path(tempfile.mkdtemp(prefix="muster-flows-"))
    home.chmod(0o755)  # attempts have their own users, who need access to the repository
    slack, lark = Slack(), Lark()
    with slack.running() as slack_server, lark.running() as lark_server:
        env = {
            "MUSTER_TUNNEL_COMMAND": stand_in_command(home / "tunnel"),
            "MUSTER_SLACK_API": f"{slack_server.url}/api",
            "MUSTER_LARK_API": lark_server.url,
        }
        running = RunningStack(home, env)
        running.slack, running.lark = slack, lark
        with running.stack:
            running.furnish()
            yield running
            end_at_once(running.stack)
    end_all_of(home)  # shims outlive their daemon
    shutil.rmtree(home)
