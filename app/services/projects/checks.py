"""Checks of a project as a whole, whichever of its fields were given."""

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from app.domain import agents, branch_name, field_errors
from app.domain.errors import InvalidFields
from app.models import Project
from app.services.projects import people


def require_branch_name(project: Project) -> None:
    """Raise InvalidFields if the branches of its tasks couldn't be created, or would collide
    with others.
    """
    if fault := branch_name.find_error(project.branch_name, project.default_branch):
        raise InvalidFields({"branchName": [fault]})


def require_agent(project: Project) -> None:
    """Raise InvalidFields for an agent that lacks its required project command, and for a
    command that can't be split into words by shell rules.
    """
    command = project.agent_command
    if project.agent_type in agents.CUSTOM_COMMAND_TYPES and not command:
        needed = field_errors.COMMAND_NEEDED(agent=project.agent_type)
        raise InvalidFields({"agentCommand": [needed]})
    try:
        words = shlex.split(command or "")
    except ValueError as error:
        why = field_errors.COMMAND_NOT_WORDS(reason=str(error))
        raise InvalidFields({"agentCommand": [why]}) from error
    if command and not words:
        raise InvalidFields({"agentCommand": [field_errors.COMMAND_EMPTY]})


def require_named_people(pipeline: Sequence[Mapping[str, Any]]) -> None:
    """Raise InvalidFields for a stage that names an unknown developer as an answerer."""
    named = {
        i: (stage.get("answerers") or {}).get("developerIds", ())
        for i, stage in enumerate(pipeline)
    }
    unknown = people.find_unknown(id_ for ids in named.values() for id_ in ids)
    errors = {
        f"pipeline.{i}.answerers.developerIds": [field_errors.NO_SUCH_DEVELOPER]
        for i, ids in named.items()
        if not unknown.isdisjoint(ids)
    }
    if errors:
        raise InvalidFields(errors)
