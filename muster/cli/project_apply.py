"""`muster project apply`: create or update a project from a file."""

from pathlib import Path
from typing import Any

import click

from muster.cli import fields, text_format
from muster.cli.client import Api
from muster.cli.context import Muster, pass_muster, quote_segment
from muster.cli.errors import ApiError, BadUsage
from muster.cli.output import OutputSpec, info, outputs, report_action
from muster.cli.params import require_yes
from muster.cli.project_file import (
    Fields,
    changed_fields,
    diff_lines,
    read_members,
    read_project_file,
    read_secrets,
)
from muster.cli.projects import find_developer_id
from muster.cli.task.results import style_patch_line

APPLIED = OutputSpec(fields.SAVED_PROJECT, id_field="key")


@click.command
@click.option("-f", "--file", required=True, type=click.File(), help="Project file; - for stdin.")
@click.option("--dry-run", is_flag=True, help="Only show the changes.")
@click.option("-y", "--yes", is_flag=True, help="Skip confirmation.")
@pass_muster
@outputs(APPLIED)
def apply(muster: Muster, file: Any, dry_run: bool, yes: bool) -> Any:
    """Create or update a project from a file.

    Shows the changes first. Omitted fields don't change; `members` lists all members with their
    roles. Only admins can create a project.

    \b
      muster project show APP --yaml > project.yaml
      muster project apply -f project.yaml
    """
    declared = read_project_file(file)
    key = str(declared["key"])
    project = _find_project(muster.api, key)
    hidden = read_secrets(declared, Path(getattr(file, "name", "")).parent)
    people = _MemberChanges(muster.api, key, declared, is_new=project is None)
    lines = diff_lines(declared, project or {}) + _secret_lines(hidden) + people.diff_lines()
    if not lines:
        report_action(f"{key} already matches the file: nothing to change.")
        return _unchanged_project(project), lambda: None
    for line in lines:
        click.echo(style_patch_line(line), err=True)
    if dry_run:
        return _unchanged_project(project), lambda: None
    if not yes:
        require_yes(f"{'Change' if project else 'Create'} {key}?")
    saved = _save_project(muster.api, key, declared, project, hidden)
    people.save()
    for warning in saved.get("warnings") or []:
        info(f"Warning: {text_format.one_line(warning.get('message'))}")
    report_action(f"{'Updated' if project else 'Created'} {key}.")
    return saved, lambda: None


def _unchanged_project(project: Fields | None) -> list[dict[str, Any]]:
    """Return an unchanged project as a change would return it; an empty list if there's none."""
    return [] if project is None else [{**project, "warnings": []}]


def _find_project(api: Api, key: str) -> dict[str, Any] | None:
    try:
        return dict(api.get(f"/api/web/projects/{quote_segment(key)}"))
    except ApiError as refusal:
        if refusal.http_status == 404:
            return None
        raise


def _save_project(
    api: Api, key: str, declared: Fields, project: Fields | None, hidden: Fields
) -> dict[str, Any]:
    if project is None:
        kept = {name: value for name, value in declared.items() if name != "members"}
        return dict(api.post("/api/admin/projects", {**kept, **hidden}))
    body = {**changed_fields(declared, project), **hidden}
    if not body:
        return _unchanged_project(project)[0]
    return dict(api.put(f"/api/web/projects/{quote_segment(key)}", body))


def _secret_lines(hidden: Fields) -> list[str]:
    """Return lines that say which secrets are set; whether they change can't be known."""
    names: dict[str, Any] = {**(hidden.get("secrets") or {})}
    names |= {name: value for name, value in hidden.items() if name != "secrets"}
    return [
        f"-{name}: (removed)" if value is None else f"+{name}: (set)"
        for name, value in names.items()
    ]


class _MemberChanges:
    """The members in the file compared with the current ones, by ID, because names ignore case."""

    def __init__(self, api: Api, key: str, declared: Fields, *, is_new: bool) -> None:
        self._api, self._path = api, f"/api/web/projects/{quote_segment(key)}/members"
        self._wanted: dict[
            int, tuple[str, str]
        ] = {}  # empty if the file has no members: none change
        self._current: dict[int, dict[str, Any]] = {}
        self._is_new = is_new
        if "members" not in declared:
            return
        wanted = read_members(declared)
        if not is_new:
            self._current = {int(member["developerId"]): member for member in api.items(self._path)}
        for name, role in wanted.items():
            who = self._developer_id(name)  # raises before anything changes
            if who in self._wanted:
                raise BadUsage(f"members: {name} and {self._wanted[who][0]} are the same person")
            self._wanted[who] = name, role

    def _developer_id(self, name: str) -> int:
        known = (who for who, member in self._current.items() if member["name"] == name)
        return next(known, None) or find_developer_id(self._api, name)

    def _changed_members(self) -> list[tuple[int, str, str]]:
        return [
            (who, name, role)
            for who, (name, role) in self._wanted.items()
            if self._current.get(who, {}).get("role") != role
        ]

    def _removed_members(self) -> list[dict[str, Any]]:
        return [member for who, member in self._current.items() if who not in self._wanted]

    def diff_lines(self) -> list[str]:
        changed = [f"+member {name}: {role}" for _, name, role in self._changed_members()]
        return [
            f"-member {gone['name']}: {gone['role']}" for gone in self._removed_members()
        ] + changed

    def save(self) -> None:
        for who, _, role in self._changed_members():
            self._api.post(self._path, {"developerId": who, "role": role})
        for gone in self._removed_members():
            self._api.delete(self._path, developerId=gone["developerId"])
        if self._is_new and any(role == "maintainer" for _, role in self._wanted.values()):
            self._remove_creator()

    def _remove_creator(self) -> None:
        """Remove the new project's creator if the file doesn't list them."""
        for member in list(self._api.items(self._path)):
            if int(member["developerId"]) not in self._wanted:
                self._api.delete(self._path, developerId=member["developerId"])
