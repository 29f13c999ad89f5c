"""Project files: read them, compare them with the project, and find what to change.

The fields are the contract's, section 5. Omitted fields don't change. Secrets are references:
`{fromEnv: NAME}` or `{fromFile: path}`.
"""

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import yaml

from muster.cli.errors import BadUsage
from muster.cli.fields import split_names
from muster.cli.suggestions import with_suggestion

FIELDS = split_names(
    "key name repoUrl defaultBranch branchName agentType agentCommand agentOptions pipeline "
    "maxAttempts minSandbox machineSelector protected protectedMachines network environment "
    "knownHosts requireChange onQuota quotaMinutes quotaFailover budget taskBudget templates"
)
SECRETS = ("secrets", "gitToken", "sshKey")
_STAGE_DEFAULTS = {"kind": "agent", "timeout": 3600}
_STAGE_FIELDS = split_names(
    "name kind command timeout confirm choices input gateTimeout prompt answerers network "
    "agentOptions onFailure"
)

Fields = Mapping[str, Any]


def read_project_file(file: IO[str]) -> dict[str, Any]:
    """Read a project file. Raises BadUsage."""
    name = getattr(file, "name", "the file")
    try:
        project = yaml.safe_load(file)
    except (yaml.YAMLError, ValueError) as error:
        raise BadUsage(f"{name} isn't valid YAML: {error}") from error
    if not isinstance(project, dict) or not project.get("key"):
        raise BadUsage(f"{name} isn't a project file: key is missing.")
    known = (*FIELDS, *SECRETS, "members")
    if unknown := [str(field) for field in project if field not in known]:
        text = f"{name} has unknown fields: {', '.join(unknown)}."
        advice = f"Known fields: {', '.join(known)}"
        raise BadUsage(with_suggestion(text, unknown, known), advice=advice)
    return project


def render_project_file(project: Fields) -> str:
    """Render a project as a complete file, without its secrets."""
    kept = {field: project[field] for field in FIELDS if not _is_empty(project.get(field))}
    if "pipeline" in kept:
        kept["pipeline"] = _normalize_stages(kept["pipeline"])
    head = "# For `muster project apply -f`. Omitted fields don't change.\n"
    return head + _dump_yaml(kept)


def changed_fields(declared: Fields, project: Fields) -> dict[str, Any]:
    """Return the declared fields that differ from the project's, without secrets.

    The current secrets can't be read, so they can't be compared.
    """
    return {
        field: declared[field]
        for field in FIELDS
        if field in declared
        and field != "key"
        and _normalize(field, declared[field]) != _normalize(field, project.get(field))
    }


def diff_lines(declared: Fields, project: Fields) -> list[str]:
    """Return the changes as lines of a unified diff of the two files."""
    of = [field for field in FIELDS if field in declared]
    before = {f: _normalize(f, project.get(f)) for f in of if not _is_empty(project.get(f))}
    after = {f: _normalize(f, declared[f]) for f in of if not _is_empty(declared[f])}
    lines = _dump_yaml(before).splitlines(), _dump_yaml(after).splitlines()
    return list(difflib.unified_diff(*lines, "current", "file", lineterm="", n=2))


def read_members(declared: Fields) -> dict[str, str]:
    """Return the roles of all declared members by name or ID. Raises BadUsage."""
    members = declared.get("members") or {}
    if isinstance(members, list):
        members = {str(name): "member" for name in members}
    if not isinstance(members, dict) or not all(isinstance(role, str) for role in members.values()):
        raise BadUsage(
            "members must map names to roles, or list names.",
            advice="Example: {ada: maintainer, grace: member} or [ada, grace]",
        )
    return {str(name): role for name, role in members.items()}


def read_secrets(declared: Fields, folder: Path) -> dict[str, Any]:
    """Return the declared secrets with their values. Raises BadUsage if one is missing."""
    found: dict[str, Any] = {}
    for field in ("gitToken", "sshKey"):
        if field in declared:
            found[field] = _read_secret(field, declared[field], folder)
    if "secrets" in declared:
        named = dict(declared["secrets"] or {})
        found["secrets"] = {
            name: _read_secret(name, reference, folder) for name, reference in named.items()
        }
    return found


def _read_secret(name: str, reference: Any, folder: Path) -> str | None:
    """Read a secret. `fromFile` is relative to the project file. None removes the secret."""
    match reference:
        case None:
            return None
        case {"fromEnv": str(variable)}:
            value = os.environ.get(variable, "")
            where = f"the variable {variable}"
        case {"fromFile": str(path)}:
            where = str(folder / path)
            try:
                value = Path(where).read_text("utf-8")
            except (OSError, ValueError) as error:
                raise BadUsage(f"Can't read {name}: {error}") from error
            value = value if name == "sshKey" else value.strip()
        case _:
            raise BadUsage(
                f"{name} is a secret: reference it by name; this file is shared.",
                advice=f"Use {name}: {{fromEnv: VARIABLE}} or {{fromFile: path}}",
            )
    if not value:
        raise BadUsage(f"{name}: {where} is empty.")
    return value


def _is_empty(value: Any) -> bool:
    return value is None or value is False or value in ([], {}, "")


def _normalize(field: str, value: Any) -> Any:
    """Return a value for comparison, without defaults."""
    if field == "pipeline" and value:
        return _normalize_stages(value)
    if isinstance(value, Mapping):
        return {key: below for key, below in value.items() if not _is_empty(below)} or None
    return None if _is_empty(value) else value


def _normalize_stages(stages: Any) -> Any:
    if not isinstance(stages, list):
        return stages
    return [_normalize_stage(stage) if isinstance(stage, dict) else stage for stage in stages]


def _normalize_stage(stage: Fields) -> dict[str, Any]:
    """Return a stage without default values, with its fields in the contract's order."""
    kept = {
        field: _normalize("", stage.get(field))
        for field in [*_STAGE_FIELDS, *(field for field in stage if field not in _STAGE_FIELDS)]
    }
    return {
        field: value
        for field, value in kept.items()
        if not _is_empty(value) and _STAGE_DEFAULTS.get(field) != value
    }


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]
    """Dumps multi-line text as blocks."""


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


def _dump_yaml(value: Any) -> str:
    if not value:
        return ""
    return str(yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100))
