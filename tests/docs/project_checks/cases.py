"""What can be wrong with a project, and git's text for it.

`tests/muster/worker/git/test_repository_checks.py` compares the codes with the real git's texts.
"""

from collections.abc import Sequence
from typing import NamedTuple

from app.domain import project_check
from app.domain.project_check import Checked, MachineAnswer, Step

URL = "https://git.example.com/acme/shop.git"
MACHINE = "heron"


class Case(NamedTuple):
    """A case, and the steps that people see."""

    title: str
    steps: Sequence[Step]


def _answered(title: str, answer: MachineAnswer, url: str = URL, **more: bool) -> Case:
    login = {"has_token": False, "has_key": False} | more
    checked = Checked(url, "main", machine=MACHINE, **login)
    steps = project_check.find_steps(checked, answer)
    return Case(title, [step for step in steps if step.state != "passed"])


def _failed(title: str, text: str, url: str = URL, **more: bool) -> Case:
    return _answered(title, MachineAnswer("failed", details=text), url, **more)


def _needs_login(host: str) -> Case:
    text = f"fatal: could not read Username for 'https://{host}': terminal prompts disabled"
    return _failed(f"Login needed, {host}", text, f"https://{host}/acme/shop.git")


def _agent(title: str, agent: str) -> Case:
    steps = project_check.agent_steps(agent, {"claude": 2, "codex": 1}, ())
    return Case(title, [step for step in steps if step.state != "passed"])


def _untried(title: str, code: str) -> Case:
    return Case(title, [project_check.untried(code, Checked(URL, "main", False, False, MACHINE))])


SSH_URL = "git@git.example.com:acme/shop.git"
NO_FOLDER = (
    "this machine allows no local repositories; its operator can allow those in a directory with "
    "`worker run --file-root DIR`"
)
CASES: Sequence[Case] = (
    _failed(
        "No such host",
        f"fatal: unable to access '{URL}/': Could not resolve host: git.example.com",
    ),
    _failed(
        "Host unreachable",
        f"fatal: unable to access '{URL}/': Failed to connect to git.example.com port 443",
    ),
    _needs_login("github.com"),
    _needs_login("gitlab.com"),
    _needs_login("gitea.com"),
    _needs_login("git.example.com"),
    _failed("Token refused", f"fatal: Authentication failed for '{URL}/'", has_token=True),
    _failed(
        "SSH key refused",
        "git@git.example.com: Permission denied (publickey).",
        SSH_URL,
        has_key=True,
    ),
    _answered("SSH key needed", MachineAnswer("ssh_refused", details="this machine…"), SSH_URL),
    _failed("Host key unknown", "Host key verification failed.", SSH_URL, has_key=True),
    _failed(
        "Host key changed",
        "REMOTE HOST IDENTIFICATION HAS CHANGED!\nHost key verification failed.",
        SSH_URL,
        has_key=True,
    ),
    _failed("Certificate refused", f"fatal: unable to access '{URL}/': SSL certificate problem"),
    _failed("Repository not found", f"fatal: repository '{URL}/' not found", has_token=True),
    _answered("No answer from the host", MachineAnswer("timeout", details="git ls-remote took…")),
    _answered(
        "Other folders allowed",
        MachineAnswer("folder_refused", details=NO_FOLDER, folders=["/srv/git"]),
        "file:///home/ada/shop.git",
    ),
    _answered(
        "Folder not allowed",
        MachineAnswer("folder_refused", details=NO_FOLDER),
        "file:///srv/shop.git",
    ),
    _failed(
        "No repository in the folder",
        "fatal: '/srv/x' does not appear to be a git repository",
        "file:///srv/shop.git",
    ),
    _answered(
        "Wrong branch",
        MachineAnswer("reached", head="master", branches=["master", "next"]),
        has_token=True,
    ),
    _answered("Empty repository", MachineAnswer("reached"), has_token=True),
    _answered("No login for pushes", MachineAnswer("reached", has_base=True, branches=["main"])),
    _failed("Anything else", "fatal: protocol error: bad pack header"),
    _agent("Agent missing", "gemini"),
    _agent("Agent misspelled", "clod"),
    _agent("No key", "claude"),
    _untried("No machine", "no_machine"),
    _untried("No machine answered", "no_answer"),
    _answered("Machine busy", MachineAnswer("busy")),
    _untried("Stored login unreadable", "secrets_unreadable"),
)
