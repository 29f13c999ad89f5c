"""An image from its upload to the agent that opens it, again on another attempt."""

import hashlib
import json
import shlex
import urllib.request

from tests.flows.running_stack import RunningStack
from tests.flows.test_life_of_a_task import git
from tests.image_files import make_png

AGENT = r"""
path=$(printf '%s' "$1" | grep -o '/[^ ]*/images/[^ ]*' | head -n 1)
sha256sum < "$path" >> seen.txt
"""


def upload(running: RunningStack, key: str, data: bytes) -> int:
    url = f"{running.stack.url}/api/web/projects/{key}/images?name=shot.png"
    bearer = running.api._access
    headers = {"Authorization": f"Bearer {bearer}", "Content-Type": "image/png"}
    request = urllib.request.Request(url, data, headers, method="POST")
    with urllib.request.urlopen(request, timeout=30) as answer:
        return int(json.load(answer)["id"])


def test_an_agent_opens_the_images_of_its_task_and_then_of_the_follow_up(
    running: RunningStack,
) -> None:
    agent = f"sh -c {shlex.quote(AGENT)} agent"
    key = running.project(
        "IMAGES", {"name": "look", "command": "{description}"}, agentCommand=agent
    )
    first, second = make_png(640, 480), make_png(320, 200)
    task = running.task(key, "Align it.", imageIds=[upload(running, key, first)])
    task.wait_for_status("completed")
    task.act("follow-ups", {"instruction": "Or so.", "imageIds": [upload(running, key, second)]})
    assert task.now()["round"] == 2
    done = task.wait_for_status("completed")
    seen = git(running, "show", f"{done['branch']}:seen.txt").split()[::2]
    assert seen == [hashlib.sha256(data).hexdigest() for data in (first, second)]
    assert git(running, "ls-tree", "--name-only", "-r", done["branch"]).count(".png") == 0
    assert [each["followUp"] for each in done["images"]] == [None, 1]
