"""Show projects, and make small changes to them."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import click

from muster.cli import fields, text_format
from muster.cli.client import Api
from muster.cli.context import Muster, pass_muster, quote_segment
from muster.cli.errors import CliError
from muster.cli.output import (
    Column,
    Item,
    OutputSpec,
    age_column,
    column,
    get_path,
    outputs,
    print_facts,
    report_action,
)
from muster.cli.request_commands import Option, action_command, list_command
from muster.cli.status import counts_text, shown_counts
from muster.cli.suggestions import with_suggestion

PROJECTS = OutputSpec(
    fields.LISTED_PROJECT,
    (
        column("KEY"),
        column("NAME", stretches=True),
        column("AGENT", "agentType"),
        Column("STAGES", lambda item: [stage["name"] for stage in item.get("stages") or []]),
        column("MEMBERS", "memberCount", is_number=True),
        column("ROLE", "myRole"),
        age_column("ACTIVE", "lastActivityAt"),
    ),
    id_field="key",
    empty_message="No projects. Ask a maintainer to add you, or an admin to create one: "
    "muster project apply",
)
PROJECT = OutputSpec(fields.PROJECT, id_field="key")
MEMBERS = OutputSpec(
    fields.MEMBER,
    (
        column("ID", "developerId", is_number=True),
        column("NAME"),
        column("ROLE"),
        column("EMAIL", "gitEmail", stretches=True),
    ),
    id_field="developerId",
    empty_message="No members.",
)
DEVELOPERS = OutputSpec(
    fields.COLLEAGUE,
    (
        column("ID", "id", is_number=True),
        column("NAME"),
        column("ROLE"),
        column("EMAIL", "gitEmail", stretches=True),
    ),
)
BUDGET = OutputSpec(fields.MONTH_BUDGET, id_field="month")
DRY_RUN = OutputSpec(fields.DRY_RUN_STAGE, id_field="name")

_key_argument = click.argument("key")


@click.command("list")
@click.option(
    "-n", "--limit", default=0, type=click.IntRange(min=0), help="Maximum results; 0 for all."
)
@pass_muster
@outputs(PROJECTS)
def list_(muster: Muster, limit: int) -> Iterable[dict[str, Any]]:
    """List your projects."""
    return muster.api.items("/api/web/projects", limit)


@click.command
@_key_argument
@click.option("--yaml", "as_yaml", is_flag=True, help="Print a file for project apply.")
@pass_muster
@outputs(PROJECT)
def show(muster: Muster, key: str, as_yaml: bool) -> tuple[dict[str, Any], Callable[[], None]]:
    """Show a project's details, or print it as a file to apply."""
    project = muster.api.get(f"/api/web/projects/{quote_segment(key)}")

    def print_yaml() -> None:
        from muster.cli.project_file import render_project_file

        click.echo(render_project_file(project), nl=False)

    return project, print_yaml if as_yaml else lambda: _print_project(project)


def _print_project(project: Item) -> None:
    now = datetime.now(UTC)
    seen = text_format.format_age(project.get("lastActivityAt"), now)
    held = [*(project.get("secretNames") or [])]
    held += ["Git token"] if project.get("hasGitToken") else []
    held += ["SSH key"] if project.get("hasSshKey") else []
    print_facts(
        [
            ("project", f"{project.get('key')}  {project.get('name')}"),
            ("repository", project.get("repoUrl")),
            ("branches", f"{project.get('defaultBranch')} → {project.get('branchName')}"),
            ("agent", project.get("agentType")),
            ("min sandbox", project.get("minSandbox")),
            ("machines", project.get("machineSelector")),
            ("protected", project.get("protected")),
            ("network", _network_text(project.get("network"))),
            ("secrets", ", ".join(held)),
            ("archived", (project.get("archivedAt") or "")[:10]),
            ("your role", project.get("myRole")),
            ("members", project.get("memberCount")),
            ("tasks", counts_text(shown_counts(project, "taskCounts"))),
            ("active", f"{seen} ago" if seen else ""),
        ]
    )
    for number, stage in enumerate(project.get("pipeline") or []):
        title = f"\nstage {number}: {text_format.one_line(stage.get('name'))} ({stage.get('kind')})"
        click.echo(click.style(title, bold=True) + _gate_text(stage))
        for line in text_format.sanitize(stage.get("command")).splitlines():
            click.echo(f"    {line}")


def _gate_text(stage: Item) -> str:
    if stage.get("confirm"):
        return ", after confirmation"
    if stage.get("choices"):
        return f", after choosing {text_format.join_limited(stage['choices'])}"
    return ", after input" if stage.get("input") else ""


def _network_text(network: object) -> str:
    hosts = get_path(network, ["allow"])
    return ", ".join(hosts) if hosts else str(network or "")


@click.command
@_key_argument
@pass_muster
@outputs(BUDGET)
def budget(muster: Muster, key: str) -> tuple[dict[str, Any], Callable[[], None]]:
    """Show a project's budget and usage this month."""
    found = muster.api.get(f"/api/web/projects/{quote_segment(key)}/budget")
    return found, lambda: print_budget(found)


def print_budget(found: Item) -> None:
    """Print a month's budget for people."""
    budget_, used = found.get("budget") or {}, found.get("used") or {}
    pairs: list[tuple[str, object]] = [("month", found.get("month"))]
    for name in ("minutes", "tokens", "cost"):
        of = (
            f" of {text_format.format_number(budget_[name])}"
            if budget_.get(name) is not None
            else ""
        )
        known = "unknown" if used.get(name) is None else text_format.format_number(used[name])
        pairs.append((name, f"{known}{of}"))
    print_facts(pairs)


@click.command
@_key_argument
@click.option("-d", "--description", default="", metavar="TEXT", help="Task description.")
@click.option("-f", "--file", type=click.File(), help="Use the pipeline in this file.")
@pass_muster
@outputs(DRY_RUN)
def dry_run(muster: Muster, key: str, description: str, file: Any) -> Any:
    """Show what each stage would run for a task. Use - as KEY if the project doesn't exist yet."""
    body: dict[str, Any] = {"description": description or "…"}
    if file is not None:
        from muster.cli.project_file import read_project_file

        body["pipeline"] = read_project_file(file).get("pipeline")
    response = muster.api.post(f"/api/web/projects/{quote_segment(key)}/pipeline/dry-run", body)
    if response.get("errors"):
        faults = (
            f"{field}: {' '.join(messages)}" for field, messages in response["errors"].items()
        )
        raise CliError("The pipeline is invalid:\n" + "\n".join(faults))

    def print_stages() -> None:
        for stage in response.get("stages") or []:
            title = f"{text_format.one_line(stage.get('name'))} ({stage.get('kind')})"
            click.echo(click.style(title, bold=True))
            for line in text_format.sanitize(stage.get("text")).splitlines():
                click.echo(f"    {line}")

    return response.get("stages") or [], print_stages


allow = action_command(
    "allow",
    "POST /api/web/projects/{key}/network/allow",
    "Allow a project's stages to reach a host.",
    None,
    Option("host", "Host such as packages.example.com, optionally with :port.", is_required=True),
    done="{key} can reach {host}.",
)


@click.command("deploy-key")
@_key_argument
@click.option("--generate", is_flag=True, help="Generate a new key, replacing any other.")
@pass_muster
@outputs(OutputSpec(fields.SAVED_DEPLOY_KEY, id_field="publicKey"))
def deploy_key(
    muster: Muster, key: str, generate: bool
) -> tuple[dict[str, Any], Callable[[], None]]:
    """Show the public half of a project's SSH key, or generate a key.

    Add it to the repository, with write access.
    """
    path = f"/api/web/projects/{quote_segment(key)}/deploy-key"
    found = muster.api.post(path) if generate else muster.api.get(path)
    text = found["publicKey"] or "No key. Generate one with --generate."
    if generate:
        report_action(f"Generated a deploy key for {key}. Add it to the repository.")
    return found, lambda: click.echo(text_format.one_line(text))


destroy_secrets = action_command(
    "destroy-secrets",
    "DELETE /api/web/projects/{key}/secrets",
    "Destroy all of a project's secrets.",
    None,
    question="Destroy the secrets, Git token and SSH key of {key}?",
    done="Destroyed the secrets of {key}.",
)


@click.command
@_key_argument
@pass_muster
def archive(muster: Muster, key: str) -> None:
    """Stop new tasks, retries and follow-ups in a project. Running work can finish."""
    at = datetime.now(UTC).isoformat()
    muster.api.put(f"/api/web/projects/{quote_segment(key)}", {"archivedAt": at})
    report_action(f"Archived {key}. Running work can finish.")


@click.command
@_key_argument
@pass_muster
def unarchive(muster: Muster, key: str) -> None:
    """Allow new work in an archived project again."""
    muster.api.put(f"/api/web/projects/{quote_segment(key)}", {"archivedAt": None})
    report_action(f"Restored {key}.")


members = list_command(
    "members", "/api/web/projects/{key}/members", "List members.", MEMBERS, most=0
)
developers = list_command(
    "developers",
    "/api/web/projects/-/developers",
    "List developers you can add.",
    DEVELOPERS,
    most=0,
)


def find_developer_id(api: Api, name: str) -> int:
    """Return the ID of a developer given by name or ID. Raises CliError."""
    if name.isdecimal():
        return int(name)
    found = list(api.items("/api/web/projects/-/developers"))
    for each in found:
        if str(each["name"]).casefold() == name.casefold():
            return int(each["id"])
    names = [str(each["name"]) for each in found]
    text = with_suggestion(f"Developer {name!r} not found.", [name], names)
    raise CliError(text, advice="muster project developers", status=3)


@click.command("add-member")
@_key_argument
@click.argument("name")
@click.option("--role", type=click.Choice(["member", "maintainer"]), default="member")
@pass_muster
@outputs(MEMBERS)
def add_member(muster: Muster, key: str, name: str, role: str) -> object:
    """Add a member or change their role."""
    path = f"/api/web/projects/{quote_segment(key)}/members"
    return save_member(muster.api, path, key, name, role)


def save_member(api: Api, path: str, key: str, name: str, role: str) -> object:
    """Add a member or change their role, and report it."""
    saved = api.post(path, {"developerId": find_developer_id(api, name), "role": role})
    report_action(f"{name} is a {role} of {key}.")
    return saved, lambda: None


@click.command("remove-member")
@_key_argument
@click.argument("name")
@pass_muster
def remove_member(muster: Muster, key: str, name: str) -> None:
    """Remove a member."""
    who = find_developer_id(muster.api, name)
    muster.api.delete(f"/api/web/projects/{quote_segment(key)}/members", developerId=who)
    report_action(f"Removed {name} from {key}.")
