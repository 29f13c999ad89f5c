"""What a check of a project found, in sentences.

`find_steps` turns a machine's answer and git's text into steps. Each has a code, on which clients
switch, and a sentence of ours; git's text is only in `details`.
"""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from app.domain import agents, check_sentences, repository

TIMEOUT_SECONDS = 20
"""After this long without an answer, the repository counts as untried."""
MAX_SHOWN = 10  # branches in a sentence


class CheckState(StrEnum):
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"
    UNTRIED = "untried"


class CheckStep(StrEnum):
    REPOSITORY = "repository"
    LOGIN = "login"
    BRANCH = "branch"
    AGENT = "agent"
    KEY = "key"


class StepState(StrEnum):
    PASSED = "passed"
    WARNING = "warning"
    FAILED = "failed"
    UNTRIED = "untried"


class Step(NamedTuple):
    """One result. `field` is the project's field that decides it, by its name in the API."""

    step: CheckStep
    state: StepState
    code: str
    field: str
    params: Mapping[str, str]
    details: str | None = None

    @property
    def message(self) -> str:
        return check_sentences.sentence(self.code, self.params)


@dataclass(frozen=True)
class Checked:
    """What is checked: the repository, the login for it, and the machine."""

    url: str
    branch: str
    has_token: bool
    has_key: bool
    machine: str = ""

    @property
    def host(self) -> str:
        return repository.host(self.url) or self.machine


@dataclass(frozen=True)
class MachineAnswer:
    """A machine's answer, as in `muster.protocol.frames.RepositoryChecked`."""

    state: str
    has_base: bool = False
    head: str = ""
    branches: Sequence[str] = ()
    details: str = ""
    folders: Sequence[str] = ()
    host_keys: Sequence[str] = ()


def overall_state(steps: Iterable[Step]) -> CheckState:
    """Return the state of a check that has ended."""
    states = {step.state for step in steps}
    if StepState.UNTRIED in states:
        return CheckState.UNTRIED
    return CheckState.FAILED if StepState.FAILED in states else CheckState.PASSED


_REPOSITORY_STEPS = (CheckStep.REPOSITORY, CheckStep.LOGIN, CheckStep.BRANCH)
_BY_IMPORTANCE = (StepState.FAILED, StepState.UNTRIED, StepState.WARNING, StepState.PASSED)


def find_main_step(steps: Iterable[Step]) -> Step | None:
    """Return what matters most about the repository; None: nothing is known yet."""
    about = [step for step in steps if step.step in _REPOSITORY_STEPS]
    return min(about, key=lambda step: _BY_IMPORTANCE.index(step.state), default=None)


# ---- the repository ------------------------------------------------------------------------------

# The first match applies, to git's text in lower case.
_GIT_ERRORS = (
    (r"could not resolve (host|hostname|proxy)|name or service not known", "host_not_found"),
    (r"remote host identification has changed", "host_key_changed"),
    (r"host key verification failed", "host_key_unknown"),
    (r"permission denied \(|too many authentication failures|error in libcrypto", "ssh_refused"),
    (
        r"could not read (username|password)|authentication failed|invalid username or"
        r"|invalid credentials|access denied|returned error: 40[13]",
        "login",
    ),
    (r"ssl|tls |certificate", "certificate_refused"),
    (
        r"not found|returned error: 404|does not appear to be a git|does not exist"
        r"|no such file or directory",
        "repository_not_found",
    ),
    (
        r"failed to connect|connection (refused|timed out|reset)|could not connect|no route to host"
        r"|network is unreachable|operation timed out|unable to connect",
        "host_unreachable",
    ),
)
_REFUSALS = {
    "folder_refused": ("folder_not_allowed", "repoUrl"),
    "ssh_refused": ("ssh_key_needed", "sshKey"),
    "timeout": ("check_timed_out", "repoUrl"),
}


def find_steps(checked: Checked, answer: MachineAnswer) -> list[Step]:
    """Return the repository's steps."""
    if answer.state == "busy":
        return [untried("machine_busy", checked)]
    if answer.state == "reached":
        reached = _step(CheckStep.REPOSITORY, StepState.PASSED, "repository_reached", checked)
        return [reached, *_login_steps(checked), _branch_step(checked, answer)]
    if answer.state == "folder_refused" and answer.folders:
        return [
            _step(
                *(CheckStep.REPOSITORY, StepState.FAILED, "folder_outside", checked),
                details=answer.details,
                folders=", ".join(answer.folders),
            )
        ]
    code, its_field = _REFUSALS.get(answer.state) or _git_error(checked, answer.details)
    is_login = code.startswith(("login", "ssh"))
    step = CheckStep.LOGIN if is_login else CheckStep.REPOSITORY
    return [_step(step, StepState.FAILED, code, checked, its_field, details=answer.details)]


def untried(code: str, checked: Checked) -> Step:
    """Return the step of a repository that no machine has tried to reach."""
    return _step(CheckStep.REPOSITORY, StepState.UNTRIED, code, checked)


def _git_error(checked: Checked, text: str) -> tuple[str, str]:
    words = re.sub(r"'[^']*'", "''", text.lower())  # without URLs, which may contain any word
    found = (code for pattern, code in _GIT_ERRORS if re.search(pattern, words))
    code = next(found, "repository_failed")
    match code:
        case "login" if not repository.is_ssh(checked.url):
            return ("login_refused" if checked.has_token else "login_needed"), "gitToken"
        case "login" | "ssh_refused":
            return ("ssh_key_refused" if checked.has_key else "ssh_key_needed"), "sshKey"
        case "host_key_unknown" | "host_key_changed":
            return code, "knownHosts"
        case "repository_not_found" if not repository.host(checked.url):
            return "folder_empty", "repoUrl"
    return code, "repoUrl"


def _login_steps(checked: Checked) -> list[Step]:
    if not checked.url.lower().startswith(("http:", "https:")):
        return []
    state, code = StepState.WARNING, "push_needs_login"
    if checked.has_token:
        state, code = StepState.PASSED, "login_accepted"
    return [_step(CheckStep.LOGIN, state, code, checked, "gitToken")]


def _branch_step(checked: Checked, answer: MachineAnswer) -> Step:
    if answer.has_base:
        return _step(CheckStep.BRANCH, StepState.PASSED, "branch_found", checked, "defaultBranch")
    code = "branch_missing" if answer.branches else "repository_empty"
    shown = [answer.head] if answer.head in answer.branches else []
    near = difflib.get_close_matches(checked.branch, answer.branches, MAX_SHOWN, 0.5)
    shown = list(dict.fromkeys([*shown, *near, *answer.branches]))
    more = ", …" if len(shown) > MAX_SHOWN else ""
    params = {"branches": ", ".join(shown[:MAX_SHOWN]) + more}
    return _step(CheckStep.BRANCH, StepState.FAILED, code, checked, "defaultBranch", **params)


def _step(
    step: CheckStep,
    state: StepState,
    code: str,
    checked: Checked,
    its_field: str = "repoUrl",
    details: str | None = None,
    **more: str,
) -> Step:
    params = {
        "machine": checked.machine,
        "host": checked.host,
        "branch": checked.branch,
        "forge": repository.forge(checked.url),
    }
    return Step(step, state, code, its_field, params | more, details or None)


# ---- the agent -----------------------------------------------------------------------------------


def agent_steps(agent: str, machines: Mapping[str, int], secrets: Iterable[str]) -> list[Step]:
    """Return the agent's steps. `machines` counts those that have each agent type; `secrets` are
    the names of the project's secrets and variables.
    """
    return [_agent_step(agent, machines), *_key_steps(agent, frozenset(secrets))]


def _agent_step(agent: str, machines: Mapping[str, int]) -> Step:
    params = {"agent": agent}
    if count := machines.get(agent, 0):
        params["count"] = str(count)
        return Step(CheckStep.AGENT, StepState.PASSED, "agent_found", "agentType", params)
    if nearest := agents.nearest_type(agent, [each for each, number in machines.items() if number]):
        params["nearest"] = nearest
        return Step(CheckStep.AGENT, StepState.FAILED, "agent_unknown", "agentType", params)
    return Step(CheckStep.AGENT, StepState.FAILED, "agent_missing", "agentType", params)


def _key_steps(agent: str, names: frozenset[str]) -> list[Step]:
    keys = agents.KEYS.get(agent, ())
    if not keys:
        return []
    if found := next((key for key in keys if key in names), None):
        params = {"agent": agent, "name": found}
        return [Step(CheckStep.KEY, StepState.PASSED, "key_set", "secrets", params)]
    params = {"agent": agent, "names": " / ".join(keys)}
    return [Step(CheckStep.KEY, StepState.WARNING, "key_missing", "secrets", params)]
