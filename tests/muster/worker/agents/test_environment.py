import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import Author
from muster.worker.agents.environment import DEFAULT_PATH, build_environment, search_path
from muster.worker.git.workspace import Workspace
from muster.worker.layout import Layout
from muster.worker.sandbox.sandboxes import Sandboxes

KEY = AttemptKey(7, 1)
LAYOUT = Layout(Path("/srv"))
SANDBOX = Sandboxes(LAYOUT).for_attempt(KEY, None, Path("/srv/mirrors/x.git/objects"))
WORKSPACE = Workspace(LAYOUT, KEY, "https://host/x", "main", "abc", SANDBOX)
AUTHOR = Author("Ada Dev", "ada@dev.example")
HARD = "quotes ' \" newline\n{braces} $(touch x) `id` \\ ünï"


def environment(project_env=None, secrets=None, variables=None, **more):
    given_ = (project_env or {}, secrets or {}, variables or {})
    return build_environment(WORKSPACE, AUTHOR, *given_, **more)


def test_nothing_of_the_daemons_environment_is_in_a_stages(monkeypatch):
    monkeypatch.setenv("MUSTER_WORKER_JWT", "secret")
    monkeypatch.setenv("AWS_SECRET", "secret")
    assert "secret" not in environment().values()


def test_a_stage_has_what_programs_expect():
    built = environment({"CI": "1"}, {"API_KEY": "k"}, path="/opt/bin:/bin")
    assert built == {
        "PATH": "/opt/bin:/bin",
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
        "CI": "1",
        "API_KEY": "k",
        "HOME": "/srv/homes/7-1",
        "USER": "muster",
        "LOGNAME": "muster",
        "GIT_AUTHOR_NAME": "Ada Dev",
        "GIT_AUTHOR_EMAIL": "ada@dev.example",
        "GIT_COMMITTER_NAME": "Ada Dev",
        "GIT_COMMITTER_EMAIL": "ada@dev.example",
        "MUSTER_TASK_ID": "7",
        "MUSTER_ATTEMPT": "1",
        "MUSTER_BRANCH": "muster/7-1",
        "MUSTER_CHOICE": "",
        "MUSTER_DESCRIPTION": "",
        "MUSTER_INPUT": "",
        "MUSTER_INSTRUCTION": "",
        "MUSTER_PROJECT": "",
        "MUSTER_ROUND": "",
        "MUSTER_STAGE": "",
    }


def test_a_project_may_set_its_path_but_not_who_works_on_what():
    built = environment(
        {"PATH": "/p", "HOME": "/root", "MUSTER_TASK_ID": "9", "GIT_AUTHOR_NAME": "Other"}
    )
    assert built["PATH"] == "/p"
    assert built["HOME"] == "/srv/homes/7-1"
    assert built["MUSTER_TASK_ID"] == "7"
    assert built["GIT_AUTHOR_NAME"] == "Ada Dev"


def test_a_description_reaches_a_shell_unchanged_and_unrun():
    built = environment(variables={"description": HARD, "choice": None, "stage": "test"})
    script = 'set -u; printf %s "$MUSTER_DESCRIPTION$MUSTER_CHOICE"'
    out = subprocess.run(["bash", "-c", script], env=built, capture_output=True, check=True)
    assert out.stdout.decode() == HARD


def test_a_description_of_twenty_thousand_wide_characters_fits():
    text = "\N{GRINNING FACE}" * 20_000
    built = environment(variables={"description": text})
    out = subprocess.run(
        ["bash", "-c", 'printf %s "$MUSTER_DESCRIPTION"'],
        env=built,
        capture_output=True,
        check=True,
    )
    assert out.stdout.decode() == text


@pytest.mark.parametrize(
    ("project_env", "secrets", "variables", "words"),
    [
        ({"A": "x\0y"}, {}, {}, "A contains a NUL"),
        ({}, {"KEY": "\0"}, {}, "KEY contains a NUL"),
        ({}, {}, {"description": "\0"}, "MUSTER_DESCRIPTION contains a NUL"),
        ({"A=B": "x"}, {}, {}, "isn't a valid name"),
        ({"": "x"}, {}, {}, "isn't a valid name"),
        ({"1A": "x"}, {}, {}, "isn't a valid name"),
        ({"A": "x" * 140_000}, {}, {}, "too long"),
        ({}, {}, {"colour": "red"}, "unknown variables: colour"),
    ],
)
def test_what_no_process_can_be_given_is_refused(project_env, secrets, variables, words):
    with pytest.raises(ValueError, match=words):
        environment(project_env, secrets, variables)


@given(
    st.dictionaries(st.text(max_size=8), st.text(max_size=20), max_size=4),
    st.text(max_size=50),
)
def test_any_project_environment_is_refused_or_can_be_run(project_env, description):
    try:
        built = environment(project_env, {}, {"description": description})
    except ValueError:
        return
    for name, value in built.items():
        assert "=" not in name
        assert b"\0" not in f"{name}={value}".encode()
    assert built["MUSTER_DESCRIPTION"] == description


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/a:.:b::/c", "/a:/c"), ("", DEFAULT_PATH), (".", DEFAULT_PATH)],
)
def test_the_search_path_never_depends_on_where_a_stage_stands(path, expected):
    assert search_path(path) == expected
