"""The answers to the questions of `lookups.toml` are files of this tree."""

import subprocess
import tomllib
from pathlib import Path

HERE = Path(__file__).parent


def test_each_question_has_a_file_for_an_answer() -> None:
    lookups = tomllib.loads((HERE / "lookups.toml").read_text())["lookup"]
    files = subprocess.check_output(["git", "ls-files"], cwd=HERE.parents[1], text=True).split("\n")
    assert len(lookups) == 20
    assert {each["file"] for each in lookups} - {*files} == set()
