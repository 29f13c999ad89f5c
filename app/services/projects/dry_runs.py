"""Dry runs of pipelines, for people who write them. Nothing is stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.domain import dry_run, pipeline
from app.domain.dry_run import RehearsedStage
from app.domain.errors import InvalidFields
from app.domain.field_errors import Fault
from app.models import Developer
from app.services.projects import projects


@dataclass(frozen=True)
class Rehearsal:
    """What the stages would run; or by field why the pipeline could not be saved."""

    stages: Sequence[RehearsedStage] = ()
    faults: Mapping[str, Sequence[Fault]] = field(default_factory=dict)

    @property
    def fault_codes(self) -> Mapping[str, Sequence[Fault]]:
        """The same, to be told as codes."""
        return self.faults


def of(
    actor: Developer,
    key: str | None,
    description: str,
    raw: Sequence[Mapping[str, Any]] | None = None,
    answers: Mapping[str, str] | None = None,
) -> Rehearsal:
    """A dry run of the pipeline; of the project's own where none is given, of the default one where
    there is no project yet either (`key` is None). Raises NotFound.

    The schema has checked the types of `raw`; all else that is wrong is told, not raised, because
    who types is wrong most of the time.
    """
    project = None if key is None else projects.get(actor, key)
    if raw is None and project is not None:
        raw = project.pipeline
    try:
        stages = pipeline.parse(projects.stored_pipeline(raw))
        told = dry_run.rehearse(stages, description, project.key if project else None, answers)
        return Rehearsal(told)
    except InvalidFields as error:
        return Rehearsal(faults=error.errors)
