"""`muster project check`: check a project before a task fails."""

import time
from collections.abc import Callable
from typing import Any

import click

from muster.cli import fields, text_format
from muster.cli.context import Muster, pass_muster, quote_segment
from muster.cli.errors import BadUsage, CliError
from muster.cli.output import Item, OutputSpec, outputs

CHECK = OutputSpec(fields.PROJECT_CHECK_RESULT, id_field="state")
WAIT_SECONDS = 25.0  # a little longer than the server waits
_POLL_SECONDS = 0.5
_LABELS = {"passed": "ok", "warning": "warning", "failed": "problem", "untried": "not checked"}
_COLORS = {"passed": "green", "warning": "yellow", "failed": "red", "untried": "yellow"}


@click.command
@click.argument("key")
@click.option("--repo-url", help="Check this URL instead of the project's.")
@click.option("--default-branch", help="Check this branch instead of the project's.")
@click.option("--agent-type", help="Check this agent instead of the project's.")
@click.option(
    "--git-token-file", type=click.File(), help="Use the token in this file; - for stdin."
)
@click.option("--ssh-key-file", type=click.File(), help="Use the key in this file.")
@click.option("--id", "check_id", help="Show the results of an earlier check.")
@click.option("--no-wait", is_flag=True, help="Start the check and show only its first results.")
@pass_muster
@outputs(CHECK)
def check(
    muster: Muster, key: str, check_id: str | None, no_wait: bool, **options: Any
) -> tuple[dict[str, Any], Callable[[], None]]:
    """Check a project's repository, branch and agent on one of its machines. Saves nothing.

    Use - as KEY and --repo-url for a project that doesn't exist yet; only admins can.
    """
    scope = "admin" if key == "-" else "web"
    path = f"/api/{scope}/projects/{quote_segment(key)}/checks"
    if check_id is None:
        check_id = str(muster.api.post(path, _read_body(key, options))["id"])
    deadline = time.monotonic() + WAIT_SECONDS
    result = muster.api.get(f"{path}/{quote_segment(check_id)}")
    while result.get("state") == "running" and not no_wait and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
        result = muster.api.get(f"{path}/{quote_segment(check_id)}")
    return result, lambda: _print_result(result)


def _read_body(key: str, options: dict[str, Any]) -> dict[str, str]:
    if key == "-" and not options["repo_url"]:
        raise BadUsage("Give --repo-url for a project that doesn't exist yet.")
    body = {
        "repoUrl": options["repo_url"],
        "defaultBranch": options["default_branch"],
        "agentType": options["agent_type"],
    }
    if (file := options["git_token_file"]) is not None:
        body["gitToken"] = file.read().strip()
    if (file := options["ssh_key_file"]) is not None:
        body["sshKey"] = file.read()
    return {name: text for name, text in body.items() if text}


def _print_result(result: Item) -> None:
    for step in result.get("steps") or []:
        state = str(step.get("state"))
        label = click.style(_LABELS.get(state, state), fg=_COLORS.get(state))
        click.echo(f"{label}  {text_format.one_line(step.get('message'))}")
        for line in text_format.sanitize(step.get("details")).splitlines():
            click.echo(f"    {line}")
    for host_key in result.get("hostKeys") or []:
        click.echo(f"host key  {host_key['fingerprint']}  {text_format.one_line(host_key['line'])}")
    if result.get("state") == "failed":
        raise CliError("The check found problems.")
    if result.get("state") == "untried":
        raise CliError("The repository wasn't checked.")
