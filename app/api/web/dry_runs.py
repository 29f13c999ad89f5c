"""Dry runs of pipelines."""

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import ValidationError

from app.api.blueprint import Blueprint
from app.api.field_errors import by_field
from app.api.guards import current_developer
from app.api.schemas.dry_runs import NewRehearsal, RehearsalSchema
from app.api.schemas.projects import StageSchema
from app.domain.field_errors import Fault
from app.services.projects import dry_runs
from app.services.projects.dry_runs import Rehearsal

blp = Blueprint("rehearsals", __name__, url_prefix="/api/web/projects", description="Dry runs")


@blp.post("/-/pipeline/dry-run")
@blp.arguments(NewRehearsal, required=False)
@blp.response(200, RehearsalSchema)
def rehearse_new_pipeline(body: dict[str, Any]) -> Rehearsal:
    """What the stages of a pipeline would run that is no project's yet. Nothing is changed."""
    return _rehearsal(None, body)


@blp.post("/<key>/pipeline/dry-run")
@blp.arguments(NewRehearsal, required=False)
@blp.response(200, RehearsalSchema)
def rehearse_pipeline(body: dict[str, Any], key: str) -> Rehearsal:
    """What the stages of the project's pipeline, or of the given one, would run. Nothing is
    changed.
    """
    return _rehearsal(key, body)


def _rehearsal(key: str | None, body: Mapping[str, Any]) -> Rehearsal:
    raw, faults = _shaped(body["pipeline"])
    given = {"description": body["description"], "answers": body["answers"]}
    if faults:
        # Asked all the same: whose project it is not is not told what is wrong.
        dry_runs.of(current_developer(), key, **given)
        return Rehearsal(faults=faults)
    return dry_runs.of(current_developer(), key, raw=raw, **given)


def _shaped(
    raw: Sequence[Mapping[str, Any]] | None,
) -> tuple[Sequence[Mapping[str, Any]] | None, dict[str, list[Fault]]]:
    """The stages as a project's, or by field why they are none."""
    if raw is None:
        return None, {}
    try:
        loaded = StageSchema(many=True).load(raw)
    except ValidationError as error:
        return None, by_field({"json": {"pipeline": error.messages}})
    return loaded, {}
