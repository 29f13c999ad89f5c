"""All outputs show the same command for a question."""

import pytest

from muster.cli.inbox import INBOX
from muster.cli.task.questions import answer_usage


@pytest.mark.parametrize(
    ("kind", "choices", "verb"),
    [
        ("confirm", [], "confirm"),
        ("budget", [], "confirm"),
        ("choose", ["a", "b"], "choose"),
        ("branch", ["main"], "choose"),
        ("question", ["a", "b"], "choose"),
        ("question", [], "input"),
        ("input", [], "input"),
        ("what a newer server asks", ["a"], "choose"),
        ("what a newer server asks", [], "input"),
    ],
)
def test_the_inbox_and_who_waits_name_one_command(kind: str, choices: list[str], verb: str) -> None:
    gate = {"taskId": 7, "kind": kind, "choices": choices}
    [column] = [column for column in INBOX.columns if column.title == "COMMAND"]
    assert column.cell({"kind": "gate", "task": {"id": 7}, "gate": gate}) == f"task {verb} 7"
    assert answer_usage(gate).startswith(f"{verb} 7 ")
