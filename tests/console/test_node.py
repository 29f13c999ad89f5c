"""Which Node builds the console."""

import os
from pathlib import Path

import pytest

from demo.console import node
from demo.console.paths import ConsoleError


def machine(tmp_path: Path, version: str, *, npm: bool = True) -> dict[str, str]:
    """A PATH with a Node of that version, and perhaps npm."""
    for name, does in (("node", f"echo {version}"), ("npm", "true")):
        if name == "node" or npm:
            (tmp_path / name).write_text(f"#!/bin/sh\n{does}\n")
            (tmp_path / name).chmod(0o755)
    return {"PATH": str(tmp_path)}


@pytest.fixture(autouse=True)
def nothing_brought(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node, "_find_packaged_node", lambda: None)
    monkeypatch.setattr(node, "_STAMP", "no-such-target")


@pytest.mark.parametrize("version", ["v20.19.0", "v22.1.0", "v24.19.0"])
def test_the_machines_own_where_it_is_new_enough(tmp_path: Path, version: str) -> None:
    found = node.find(lambda line: None, machine(tmp_path, version))
    assert found.program == tmp_path / "node"


@pytest.mark.parametrize(
    ("version", "npm"),
    [
        pytest.param("v18.20.4", True, id="too old"),
        pytest.param("v20.18.3", True, id="a little too old"),
        pytest.param("what?", True, id="who knows"),
        pytest.param("v22.1.0", False, id="without npm"),
    ],
)
def test_else_one_is_brought_and_where_that_fails_it_is_said(
    tmp_path: Path, version: str, npm: bool
) -> None:
    lines: list[str] = []
    with pytest.raises(ConsoleError, match=r"Node 20\.19 or newer is missing"):
        node.find(lines.append, machine(tmp_path, version, npm=npm))
    assert lines == ["installing Node from PyPI: none here is new enough"]


def test_what_fails_is_quoted(tmp_path: Path) -> None:
    found = node.Node(tmp_path / "node", ("npm",))
    with pytest.raises(ConsoleError, match=r"npm ci: exit code 3\nno such host"):
        found.run(["sh", "-c", "echo no such host; exit 3"], "npm ci", at=tmp_path)


def test_programs_find_this_node_before_any_other(tmp_path: Path) -> None:
    path = node.Node(tmp_path / "node", ("npm",)).environment()["PATH"]
    assert path.split(os.pathsep)[0] == str(tmp_path)
