"""A task's changes, reported by a real machine: read line by line, and applied by git itself."""

import subprocess
from pathlib import Path

import httpx

from tests.flows.running_stack import RunningStack
from tests.flows.test_life_of_a_task import git, shell

WRITE = r"""
printf 'one\r\ntwo' > 'a "b" é.txt'
head -c 3000 /dev/urandom > raw.bin
git mv README.md 'READ ME.md'
printf '#!/bin/sh\n' > run.sh; chmod +x run.sh; ln -s run.sh link
"""


def test_a_diff_is_what_git_says_and_its_patch_is_what_git_takes(
    running: RunningStack, tmp_path: Path
) -> None:
    last = shell("more", "printf three >> raw.txt", confirm=True)
    task = running.task(running.project("DIFFED", shell("write", WRITE), last))
    task.wait_for_status("suspended")
    pending = running.api.get(f"{task.path}/pending-confirm")
    at_gate = running.api.get(pending["diff"]["href"])
    assert at_gate["filesChanged"] == pending["diff"]["filesChanged"] == 5
    files = {file["path"]: file for file in at_gate["files"]}
    assert (files["READ ME.md"]["status"], files["READ ME.md"]["oldPath"]) == (
        "renamed",
        "README.md",
    )
    assert (files["raw.bin"]["binary"], files["raw.bin"]["hunks"]) == (True, [])
    [hunk] = files['a "b" é.txt']["hunks"]
    assert [(line["text"], line.get("noNewline")) for line in hunk["lines"]] == [
        ("one\r", None),
        ("two", True),
    ]
    task.answer(1, "confirm")
    done = task.wait_for_status("completed")
    diff = running.api.get(f"{task.path}/diff")
    assert diff["base"] == git(running, "rev-parse", "main")
    assert diff["commit"] == done["result"]["commit"]
    of_stage = running.api.get(f"{task.path}/diff?stage=1")
    assert [file["path"] for file in of_stage["files"]] == ["raw.txt"]
    applied(running, task.path, diff["base"], diff["commit"], tmp_path)


def applied(running: RunningStack, path: str, base: str, commit: str, room: Path) -> None:
    """Check that the patch, applied to a clone of the base, gives the commit's tree."""
    headers = {"Authorization": f"Bearer {running.api.token}", "Accept": "text/x-patch"}
    patch = httpx.get(f"{running.stack.url}{path}/diff", headers=headers)
    assert patch.headers["Content-Type"].startswith("text/x-patch")
    clone = room / "clone"

    def run(*arguments: str, given: bytes | None = None) -> bytes:
        command = ["git", "-C", str(clone), *arguments]
        return subprocess.run(command, input=given, capture_output=True, check=True).stdout

    subprocess.run(["git", "clone", "-q", running.repository.url, str(clone)], check=True)
    run("checkout", "-q", base)
    run("apply", "--index", "-", given=patch.content)
    assert run("write-tree").decode().strip() == git(running, "rev-parse", f"{commit}^{{tree}}")
