"""Dry runs of pipelines, for people who write them. Nothing is stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.domain import dry_run, pipeline
from app.domain.dry_run import DryRunStage
from app.domain.errors import InvalidFields
from app.domain.field_errors import FieldError
from app.models import Developer
from app.services.projects import projects


@dataclass(frozen=True)
class DryRun:
    """What the stages would run; or by field why the pipeline could not be saved."""

    stages: Sequence[DryRunStage] = ()
    errors: Mapping[str, Sequence[FieldError]] = field(default_factory=dict)

    @property
    def error_codes(self) -> Mapping[str, Sequence[FieldError]]:
        """The same, to be told as codes."""
        return self.errors


def run(
    actor: Developer,
    key: str | None,
    description: str,
    raw: Sequence[Mapping[str, Any]] | None = None,
    answers: Mapping[str, str] | None = None,
) -> DryRun:
    """A dry run of the pipeline; of the project's own where none is given, of the default one where
    there is no project yet either (`key` is None). Raises NotFound.

    The schema has checked the types of `raw`; all else that is wrong is told, not raised, because
    who types is wrong most of the time.
    """
    project = None if key is None else projects.get(actor, key)
    if raw is None and project is not None:
        raw = project.pipeline
    try:
        stages = pipeline.parse(projects.normalize_pipeline(raw))
        dry_run_stages = dry_run.dry_run_pipeline(
            stages, description, project.key if project else None, answers
        )
        return DryRun(dry_run_stages)
    except InvalidFields as error:
        return DryRun(errors=error.errors)
