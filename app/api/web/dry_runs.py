"""Dry runs of pipelines."""

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import ValidationError

from app.api.blueprint import Blueprint
from app.api.field_errors import flatten_errors
from app.api.guards import current_developer
from app.api.schemas.dry_runs import DryRunSchema, NewDryRun
from app.api.schemas.projects import StageSchema
from app.domain.field_errors import FieldError
from app.services.projects import dry_runs
from app.services.projects.dry_runs import DryRun

blp = Blueprint("dry_runs", __name__, url_prefix="/api/web/projects", description="Dry runs")


@blp.post("/-/pipeline/dry-run")
@blp.arguments(NewDryRun, required=False)
@blp.response(200, DryRunSchema)
def dry_run_new_pipeline(body: dict[str, Any]) -> DryRun:
    """Show what the stages of a new pipeline would run. Changes nothing."""
    return _dry_run(None, body)


@blp.post("/<key>/pipeline/dry-run")
@blp.arguments(NewDryRun, required=False)
@blp.response(200, DryRunSchema)
def dry_run_pipeline(body: dict[str, Any], key: str) -> DryRun:
    """Show what the stages of the project's pipeline, or of the given one, would run. Changes
    nothing.
    """
    return _dry_run(key, body)


def _dry_run(key: str | None, body: Mapping[str, Any]) -> DryRun:
    raw, errors = _load_stages(body["pipeline"])
    given = {"description": body["description"], "answers": body["answers"]}
    if errors:
        # Check access first: without it, you don't learn what is wrong.
        dry_runs.run(current_developer(), key, **given)
        return DryRun(errors=errors)
    return dry_runs.run(current_developer(), key, raw=raw, **given)


def _load_stages(
    raw: Sequence[Mapping[str, Any]] | None,
) -> tuple[Sequence[Mapping[str, Any]] | None, dict[str, list[FieldError]]]:
    """Return the stages as a project's, or the errors by field."""
    if raw is None:
        return None, {}
    try:
        loaded = StageSchema(many=True).load(raw)
    except ValidationError as error:
        return None, flatten_errors({"json": {"pipeline": error.messages}})
    return loaded, {}
