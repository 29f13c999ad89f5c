"""`muster project apply`: a project becomes what a file says."""

from pathlib import Path
from typing import Any

import click

from muster.cli import fields, text_format
from muster.cli.client import Api
from muster.cli.context import Muster, pass_muster, server_id
from muster.cli.errors import BadUsage, Refused
from muster.cli.output import Printed, prints, say
from muster.cli.params import require_yes
from muster.cli.project_file import Fields, changes, difference, members, read, secrets
from muster.cli.projects import developer
from muster.cli.task.results import painted

APPLIED = Printed(fields.SAVED_PROJECT, id="key")


@click.command
@click.option("-f", "--file", required=True, type=click.File(), help="The file; - is stdin.")
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@pass_muster
@prints(APPLIED)
def apply(muster: Muster, file: Any, dry_run: bool, yes: bool) -> Any:
    """Make a project what a file says.

    What would change is shown first. What the file leaves out stays as it is; `members` names all
    of them, with their roles. A project that there is not yet is made, which admins may.

    \b
      muster project show APP --yaml > project.yaml
      muster project apply -f project.yaml
    """
    declared = read(file)
    key = str(declared["key"])
    project = _project(muster.api, key)
    hidden = secrets(declared, Path(getattr(file, "name", "")).parent)
    people = _People(muster.api, key, declared, is_new=project is None)
    lines = difference(declared, project or {}) + _hidden_lines(hidden) + people.lines()
    if not lines:
        say(f"{key} is as the file says: nothing to change.")
        return _as_saved(project), lambda: None
    for line in lines:
        click.echo(painted(line), err=True)
    if dry_run:
        return _as_saved(project), lambda: None
    if not yes:
        require_yes(f"{'Change' if project else 'Make'} {key}?")
    saved = _saved(muster.api, key, declared, project, hidden)
    people.save()
    for warning in saved.get("warnings") or []:
        say(f"Warning: {text_format.one_line(warning.get('message'))}")
    say(f"{key} is as the file says now.")
    return saved, lambda: None


def _as_saved(project: Fields | None) -> list[dict[str, Any]]:
    """A project that nothing has changed, as a change answers; none, where there is none yet."""
    return [] if project is None else [{**project, "warnings": []}]


def _project(api: Api, key: str) -> dict[str, Any] | None:
    try:
        return dict(api.get(f"/api/web/projects/{server_id(key)}"))
    except Refused as refusal:
        if refusal.http_status == 404:
            return None
        raise


def _saved(
    api: Api, key: str, declared: Fields, project: Fields | None, hidden: Fields
) -> dict[str, Any]:
    if project is None:
        kept = {name: value for name, value in declared.items() if name != "members"}
        return dict(api.post("/api/admin/projects", {**kept, **hidden}))
    body = {**changes(declared, project), **hidden}
    if not body:
        return _as_saved(project)[0]
    return dict(api.put(f"/api/web/projects/{server_id(key)}", body))


def _hidden_lines(hidden: Fields) -> list[str]:
    """That secrets are set, for whether they change nobody can see."""
    names: dict[str, Any] = {**(hidden.get("secrets") or {})}
    names |= {name: value for name, value in hidden.items() if name != "secrets"}
    return [
        f"-{name}: (removed)" if value is None else f"+{name}: (set)"
        for name, value in names.items()
    ]


class _People:
    """The members as the file has them, beside those that there are; by id, for a name may be said
    in another case.
    """

    def __init__(self, api: Api, key: str, declared: Fields, *, is_new: bool) -> None:
        self._api, self._path = api, f"/api/web/projects/{server_id(key)}/members"
        self._wanted: dict[int, tuple[str, str]] = {}  # nobody is named: nobody changes
        self._there: dict[int, dict[str, Any]] = {}
        if "members" not in declared:
            return
        wanted = members(declared)
        if not is_new:
            self._there = {int(member["developerId"]): member for member in api.items(self._path)}
        for name, role in wanted.items():
            who = self._id(name)  # who is not there is said before anything is changed
            if who in self._wanted:
                raise BadUsage(f"members: {name} and {self._wanted[who][0]} are the same person")
            self._wanted[who] = name, role

    def _id(self, name: str) -> int:
        known = (who for who, member in self._there.items() if member["name"] == name)
        return next(known, None) or developer(self._api, name)

    def _changed(self) -> list[tuple[int, str, str]]:
        return [
            (who, name, role)
            for who, (name, role) in self._wanted.items()
            if self._there.get(who, {}).get("role") != role
        ]

    def _gone(self) -> list[dict[str, Any]]:
        return [member for who, member in self._there.items() if who not in self._wanted]

    def lines(self) -> list[str]:
        changed = [f"+member {name}: {role}" for _, name, role in self._changed()]
        return [f"-member {gone['name']}: {gone['role']}" for gone in self._gone()] + changed

    def save(self) -> None:
        for who, _, role in self._changed():
            self._api.post(self._path, {"developerId": who, "role": role})
        for gone in self._gone():
            self._api.delete(self._path, developerId=gone["developerId"])
