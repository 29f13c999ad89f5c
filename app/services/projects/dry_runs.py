"""Dry runs of pipelines, for their authors. Nothing is stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.domain import dry_run, pipeline
from app.domain.dry_run import DryRunStage
from app.domain.errors import InvalidFields
from app.domain.field_errors import FieldError
from app.models import Developer
from app.services.projects import pipelines, projects


@dataclass(frozen=True)
class DryRun:
    """What the stages would run; or, by field, why the pipeline couldn't be saved."""

    stages: Sequence[DryRunStage] = ()
    errors: Mapping[str, Sequence[FieldError]] = field(default_factory=dict)

    @property
    def error_codes(self) -> Mapping[str, Sequence[FieldError]]:
        """Return the same with codes."""
        return self.errors


def run(
    actor: Developer,
    key: str | None,
    description: str,
    raw: Sequence[Mapping[str, Any]] | None = None,
    answers: Mapping[str, str] | None = None,
) -> DryRun:
    """Return a dry run of the pipeline; by default of the project's, or of the default one if there
    is no project yet (`key` is None). Raises NotFound.

    The schema has checked the types of `raw`; all other errors are returned, not raised, because a
    pipeline is usually invalid while it's being typed.
    """
    project = None if key is None else projects.get(actor, key)
    if raw is None and project is not None:
        raw = project.pipeline
    try:
        stages = pipeline.parse(pipelines.normalize_pipeline(raw))
        dry_run_stages = dry_run.dry_run_pipeline(
            stages, description, project.key if project else None, answers
        )
        return DryRun(dry_run_stages)
    except InvalidFields as error:
        return DryRun(errors=error.errors)
