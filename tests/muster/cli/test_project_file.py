"""Project files."""

import io
from pathlib import Path
from typing import Any

import pytest

from muster.cli import project_file
from muster.cli.errors import BadUsage

PROJECT: dict[str, Any] = {
    "key": "APP",
    "name": "The app",
    "repoUrl": "https://git.example/app.git",
    "agentOptions": {"model": "big", "permissions": None},
    "pipeline": [
        {
            "name": "build",
            "kind": "shell",
            "command": "make\nmake test\n",
            "timeout": 3600,
            "confirm": False,
            "choices": [],
            "prompt": None,
        },
    ],
    "requireChange": False,
    "network": {"allow": ["a.example"]},
    "aFieldOfANewerServer": 1,
}


def read(text: str) -> dict[str, Any]:
    return project_file.read_project_file(io.StringIO(text))


def test_what_is_written_is_read_again_without_a_difference() -> None:
    text = project_file.render_project_file(PROJECT)
    assert "command: |\n    make\n    make test\n" in text
    assert "aFieldOfANewerServer" not in text
    again = read(text)
    assert project_file.changed_fields(again, PROJECT) == {}
    assert project_file.diff_lines(again, PROJECT) == []


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        pytest.param("name: The app", {}, id="the same"),
        pytest.param("name: Another", {"name": "Another"}, id="another name"),
        pytest.param("requireChange: false", {}, id="a default that is said"),
        pytest.param("agentOptions: {model: big}", {}, id="null is left out"),
        pytest.param(
            'pipeline: [{name: build, kind: shell, command: "make\\nmake test\\n"}]',
            {},
            id="a stage without its defaults",
        ),
        pytest.param("maxAttempts: 3", {"maxAttempts": 3}, id="what was not there"),
        pytest.param("minSandbox: null", {}, id="null where nothing is"),
        pytest.param("agentOptions: null", {"agentOptions": None}, id="null takes away"),
    ],
)
def test_what_differs_is_what_is_meant_otherwise(text: str, changed: dict[str, Any]) -> None:
    assert project_file.changed_fields(read(f"key: APP\n{text}\n"), PROJECT) == changed


def test_a_difference_is_shown_as_lines() -> None:
    stage = "pipeline: [{name: build, kind: shell, command: make, timeout: 60}]"
    lines = project_file.diff_lines(read(f"key: APP\n{stage}\n"), PROJECT)
    assert [line for line in lines if line[0] in "+-"] == [
        "--- current", "+++ file",
        "-  command: |", "-    make", "-    make test", "+  command: make", "+  timeout: 60",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("key: [", "isn't valid YAML"),
        ("- a", "key is missing"),
        ("key: A\nnonsense: 1", "has unknown fields: nonsense"),
        ("key: !!python/object/apply:os.system ['true']", "isn't valid YAML"),
    ],
)
def test_what_is_no_project_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(BadUsage, match=complaint):
        read(text)


def test_secrets_are_where_the_file_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_KEY", "a secret value")
    (tmp_path / "id").write_text("KEY\n")
    content = read(
        "key: A\nsshKey: {fromFile: id}\ngitToken: null\n"
        "secrets: {API_KEY: {fromEnv: APP_KEY}, OLD: null}\n"
    )
    assert project_file.read_secrets(content, tmp_path) == {
        "sshKey": "KEY\n",
        "gitToken": None,
        "secrets": {"API_KEY": "a secret value", "OLD": None},
    }


@pytest.mark.parametrize(
    "text", ["gitToken: ghp_x", "secrets: {A: b}", "gitToken: {fromEnv: NOT_THERE_AT_ALL}"]
)
def test_a_secret_in_the_file_itself_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(BadUsage) as refused:
        project_file.read_secrets(read(f"key: A\n{text}\n"), tmp_path)
    assert "ghp_x" not in str(refused.value)
