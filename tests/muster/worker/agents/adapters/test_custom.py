import json
import subprocess
import sys

import pytest

from muster.worker.agents.adapters import custom

HARD = "it's \"hard\"\n$(touch /tmp/x) `id` {prompt} {description} \\ %s ; & | ünï -- 'x"


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("my-agent", ["my-agent", HARD]),
        ("my-agent --do '{prompt}' --fast", ["my-agent", "--do", HARD, "--fast"]),
        ("my-agent --prompt={prompt}", ["my-agent", f"--prompt={HARD}"]),
        ("'my agent' \"a b\"", ["my agent", "a b", HARD]),
        ("x {prompt} {other}", ["x", HARD, "{other}"]),
    ],
)
def test_a_custom_command_is_split_once_and_filled_afterwards(
    command: str, expected: list[str]
) -> None:
    assert custom.build_argv(command, HARD) == expected


@pytest.mark.parametrize(
    ("command", "words"),
    [(None, "no agentCommand"), ("  ", "no agentCommand"), ("a 'b", "can't split")],
)
def test_what_makes_no_command_is_refused(command: str | None, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        custom.build_argv(command, "x")


def test_a_text_reaches_a_real_program_unchanged(tmp_path) -> None:
    show = tmp_path / "show.py"
    show.write_text("import json, sys; print(json.dumps(sys.argv[1:]))")
    command = custom.build_argv(f"{sys.executable} {show} --text {{prompt}} end", HARD)
    out = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(out.stdout) == ["--text", HARD, "end"]
