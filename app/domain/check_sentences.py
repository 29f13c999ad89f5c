"""The sentences of a project's check, by code. The console has them in its other languages."""

from collections.abc import Mapping

SCOPES = {
    "github": "On GitHub, grant “Contents: Read and write”, or “repo” for a classic token.",
    "gitlab": "On GitLab, grant “write_repository”.",
    "gitea": "On Gitea, grant “write:repository”.",
    "": (
        "Scopes: “Contents: Read and write” on GitHub, “write_repository” on GitLab, "
        "“write:repository” on Gitea."
    ),
}
SENTENCES = {
    "repository_reached": "The machine {machine} can read the repository.",
    "host_not_found": "There is no host {host}. Check the URL.",
    "host_unreachable": (
        "The machine {machine} can't connect to {host}. Check the URL and the firewall."
    ),
    "repository_not_found": "The host {host} has no such repository, or this login can't see it.",
    "folder_empty": "There is no repository in this folder on {machine}.",
    "folder_not_allowed": (
        "The machine {machine} can't use repositories in this folder. "
        "Its operator can allow the folder with --file-root."
    ),
    "folder_outside": (
        "The machine {machine} can't use repositories in this folder, only in {folders}. "
        "Its operator can allow more with --file-root."
    ),
    "host_key_changed": (
        "The host key of {host} isn't the one in Known hosts. It may be another server: ask its "
        "operator."
    ),
    "host_key_unknown": (
        "The machine {machine} doesn't know the host key of {host}. Add it to Known hosts."
    ),
    "certificate_refused": "The machine {machine} doesn't trust the certificate of {host}.",
    "check_timed_out": "The host {host} didn't answer within 15 s.",
    "repository_failed": "The machine {machine} can't read the repository. See the details.",
    "no_machine": (
        "No connected machine could run this project's tasks. The repository wasn't checked."
    ),
    "no_answer": "No machine answered in time. The repository wasn't checked.",
    "machine_busy": "The machine {machine} is busy with other checks. Try again.",
    "secrets_unreadable": (
        "The server can't decrypt the stored login. Enter the Git token or SSH key again."
    ),
    "login_accepted": "The host {host} accepts the Git token for reading.",
    "push_needs_login": (
        "Anyone can read the repository, but pushes need a login. Add a Git token. {scopes}"
    ),
    "login_needed": "The repository needs a login. Add a Git token. {scopes}",
    "login_refused": "The host {host} refused the Git token. {scopes}",
    "ssh_key_needed": (
        "The host {host} needs an SSH key. Add one to the project, and its public half to the "
        "repository with write access."
    ),
    "ssh_key_refused": (
        "The host {host} refused the SSH key. Add its public half to the repository with write "
        "access."
    ),
    "branch_found": "Found the branch {branch}.",
    "branch_missing": "There is no branch {branch}. The repository has: {branches}.",
    "repository_empty": "The repository has no branches. Push a first commit to {branch}.",
    "agent_found": "Machines that have {agent}: {count}.",
    "agent_missing": "No machine has {agent}. Install it on a machine, or choose another agent.",
    "agent_unknown": "No machine has {agent}. Did you mean {nearest}?",
    "key_set": "A key for {agent} is set: {name}.",
    "key_missing": (
        "No key for {agent} is set. Add a secret {names}, unless the machine provides a login."
    ),
}


def sentence(code: str, params: Mapping[str, str]) -> str:
    """Return the sentence of a code."""
    scopes = SCOPES[params.get("forge", "")]
    return SENTENCES[code].format_map({**params, "scopes": scopes})
