"""Looking at projects, and small changes of them."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import click

from muster.cli import fields, text_format
from muster.cli.client import Api
from muster.cli.context import Muster, pass_muster, server_id
from muster.cli.errors import Trouble
from muster.cli.output import Column, Item, Printed, aged, column, dig, facts, prints, say
from muster.cli.request_commands import Given, act, listing
from muster.cli.status import counted

PROJECTS = Printed(
    fields.LISTED_PROJECT,
    (
        column("KEY"),
        column("NAME", stretches=True),
        column("AGENT", "agentType"),
        Column("STAGES", lambda item: [stage["name"] for stage in item.get("stages") or []]),
        column("MEMBERS", "memberCount", is_number=True),
        column("ROLE", "myRole"),
        aged("ACTIVE", "lastActivityAt"),
    ),
    id="key",
    nothing="You see no project. Maintainers let people in; admins make one: muster project apply",
)
PROJECT = Printed(fields.PROJECT, id="key")
MEMBERS = Printed(
    fields.MEMBER,
    (
        column("ID", "developerId", is_number=True),
        column("NAME"),
        column("ROLE"),
        column("EMAIL", "gitEmail", stretches=True),
    ),
    id="developerId",
    nothing="Nobody is in it.",
)
DEVELOPERS = Printed(
    fields.COLLEAGUE,
    (
        column("ID", "id", is_number=True),
        column("NAME"),
        column("ROLE"),
        column("EMAIL", "gitEmail", stretches=True),
    ),
)
BUDGET = Printed(fields.MONTH_BUDGET, id="month")
REHEARSED = Printed(fields.REHEARSED_STAGE, id="name")

_key = click.argument("key")


@click.command("list")
@click.option("-n", "--limit", default=0, type=click.IntRange(min=0), help="At most.")
@pass_muster
@prints(PROJECTS)
def list_(muster: Muster, limit: int) -> Iterable[dict[str, Any]]:
    """Projects that you see."""
    return muster.api.items("/api/web/projects", limit)


@click.command
@_key
@click.option("--yaml", "as_yaml", is_flag=True, help="As a file that project apply takes.")
@pass_muster
@prints(PROJECT)
def show(muster: Muster, key: str, as_yaml: bool) -> tuple[dict[str, Any], Callable[[], None]]:
    """All that is known of a project, or a file to apply."""
    project = muster.api.get(f"/api/web/projects/{server_id(key)}")

    def tell_yaml() -> None:
        from muster.cli.project_file import as_file

        click.echo(as_file(project), nl=False)

    return project, tell_yaml if as_yaml else lambda: _tell(project)


def _tell(project: Item) -> None:
    now = datetime.now(UTC)
    seen = text_format.age(project.get("lastActivityAt"), now)
    held = [*(project.get("secretNames") or [])]
    held += ["git token"] if project.get("hasGitToken") else []
    held += ["SSH key"] if project.get("hasSshKey") else []
    facts(
        [
            ("project", f"{project.get('key')}  {project.get('name')}"),
            ("repository", project.get("repoUrl")),
            ("branches", f"{project.get('defaultBranch')} → {project.get('branchName')}"),
            ("agent", project.get("agentType")),
            ("room", project.get("room")),
            ("machines", project.get("machineSelector")),
            ("protected", project.get("protected")),
            ("network", _network(project.get("network"))),
            ("secrets", ", ".join(held)),
            ("your role", project.get("myRole")),
            ("members", project.get("memberCount")),
            ("tasks", counted(project.get("taskCounts"))),
            ("active", f"{seen} ago" if seen else ""),
        ]
    )
    for number, stage in enumerate(project.get("pipeline") or []):
        title = f"\nstage {number}: {text_format.one_line(stage.get('name'))} ({stage.get('kind')})"
        click.echo(click.style(title, bold=True) + _gate(stage))
        for line in text_format.plain(stage.get("command")).splitlines():
            click.echo(f"    {line}")


def _gate(stage: Item) -> str:
    if stage.get("confirm"):
        return ", after a yes"
    if stage.get("choices"):
        return f", after a choice of {text_format.listed(stage['choices'])}"
    return ", after an answer" if stage.get("input") else ""


def _network(network: object) -> str:
    hosts = dig(network, ["allow"])
    return ", ".join(hosts) if hosts else str(network or "")


@click.command
@_key
@pass_muster
@prints(BUDGET)
def budget(muster: Muster, key: str) -> tuple[dict[str, Any], Callable[[], None]]:
    """What it may use this month, and has used."""
    found = muster.api.get(f"/api/web/projects/{server_id(key)}/budget")
    return found, lambda: tell_budget(found)


def tell_budget(found: Item) -> None:
    """A month's budget, for people."""
    budget_, used = found.get("budget") or {}, found.get("used") or {}
    pairs: list[tuple[str, object]] = [("month", found.get("month"))]
    for name in ("minutes", "tokens", "cost"):
        of = f" of {text_format.number(budget_[name])}" if budget_.get(name) is not None else ""
        known = "not known" if used.get(name) is None else text_format.number(used[name])
        pairs.append((name, f"{known}{of}"))
    facts(pairs)


@click.command
@_key
@click.option("-d", "--description", default="", metavar="TEXT", help="The task's.")
@click.option("-f", "--file", type=click.File(), help="With the pipeline of that file.")
@pass_muster
@prints(REHEARSED)
def rehearse(muster: Muster, key: str, description: str, file: Any) -> Any:
    """What each stage would run for a task. KEY - is of no project yet."""
    body: dict[str, Any] = {"description": description or "…"}
    if file is not None:
        from muster.cli.project_file import read

        body["pipeline"] = read(file).get("pipeline")
    told = muster.api.post(f"/api/web/projects/{server_id(key)}/pipeline/dry-run", body)
    if told.get("faults"):
        faults = (f"{field}: {' '.join(said)}" for field, said in told["faults"].items())
        raise Trouble("The pipeline cannot be so:\n" + "\n".join(faults))

    def tell() -> None:
        for stage in told.get("stages") or []:
            title = f"{text_format.one_line(stage.get('name'))} ({stage.get('kind')})"
            click.echo(click.style(title, bold=True))
            for line in text_format.plain(stage.get("text")).splitlines():
                click.echo(f"    {line}")

    return told.get("stages") or [], tell


allow = act(
    "allow",
    "POST /api/web/projects/{key}/network/allow",
    "Let its stages reach a host.",
    None,
    Given("host", "Like packages.example.com, or with :port.", is_needed=True),
    done="{key} may reach it.",
)
destroy_secrets = act(
    "destroy-secrets",
    "DELETE /api/web/projects/{key}/secrets",
    "Destroy all of its secrets.",
    None,
    question="Destroy secrets, git token and SSH key of {key}?",
    done="The secrets of {key} are destroyed.",
)
members = listing("members", "/api/web/projects/{key}/members", "Who is in it.", MEMBERS, most=0)
developers = listing(
    "developers", "/api/web/projects/-/developers", "Whom one may add.", DEVELOPERS, most=0
)


def developer(api: Api, name: str) -> int:
    """The id of that developer, said by name or id. Raises Trouble."""
    if name.isdecimal():
        return int(name)
    for found in api.items("/api/web/projects/-/developers"):
        if str(found["name"]).casefold() == name.casefold():
            return int(found["id"])
    raise Trouble(f"There is no developer {name!r}.", advice="muster project developers", status=3)


@click.command("add-member")
@_key
@click.argument("name")
@click.option("--role", type=click.Choice(["member", "maintainer"]), default="member")
@pass_muster
@prints(MEMBERS)
def add_member(muster: Muster, key: str, name: str, role: str) -> dict[str, Any]:
    """Let somebody in, or change their role."""
    body = {"developerId": developer(muster.api, name), "role": role}
    return dict(muster.api.post(f"/api/web/projects/{server_id(key)}/members", body))


@click.command("remove-member")
@_key
@click.argument("name")
@pass_muster
def remove_member(muster: Muster, key: str, name: str) -> None:
    """Take somebody out."""
    who = developer(muster.api, name)
    muster.api.delete(f"/api/web/projects/{server_id(key)}/members", developerId=who)
    say(f"{name} is no member of {key} any more.")
