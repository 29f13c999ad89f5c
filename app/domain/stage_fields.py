"""Fields of a stage that need others."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.domain import field_errors
from app.domain.errors import InvalidFields


def require_gates(raw: Sequence[Mapping[str, Any]]) -> None:
    """Raise InvalidFields for a stage that has a prompt, a gate timeout or answerers, but no gate.

    Only for newly saved pipelines: `pipeline.parse` accepts such stages because older pipelines
    have them.
    """
    errors = {
        f"pipeline.{i}": e for i, stage in enumerate(raw) if (e := _find_unused_fields(stage))
    }
    if errors:
        raise InvalidFields(errors)


def _find_unused_fields(raw: Mapping[str, Any]) -> list[field_errors.FieldError]:
    if any(raw.get(key) for key in ("confirm", "choices", "input")):
        return []
    given = [key for key in ("gateTimeout", "prompt", "answerers") if raw.get(key)]
    return [field_errors.GATE_NEEDED(field=key) for key in given]
