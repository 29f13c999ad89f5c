"""Machine load samples, in columns, as JSON."""

from typing import Any

from marshmallow import fields

from app.api.schemas.base import Schema, Timestamp
from app.domain.samples import SampleStep


class SampleQuery(Schema):
    step = fields.Enum(
        SampleStep,
        by_value=True,
        load_default=SampleStep.MINUTE,
        metadata={"description": "minute: one day; hour: 90 days"},
    )


class OneDecimal(fields.Float):
    """A number with one decimal."""

    def _serialize(self, value: float | None, *_: Any, **__: Any) -> float | None:
        return None if value is None else round(value, 1)


def _percents(description: str) -> fields.List[float]:
    each = OneDecimal(required=True, allow_none=True)
    return fields.List(each, required=True, metadata={"description": description})


class SamplesSchema(Schema):
    """Parallel lists: equal positions belong together."""

    step = fields.Enum(SampleStep, by_value=True, required=True)
    at = fields.List(
        Timestamp(required=True),
        required=True,
        metadata={
            "description": "start of each minute or hour; omitted if the machine was offline"
        },
    )
    cpu_percent = _percents("mean of the minute or hour, like all but `cpuHighest`")
    cpu_highest = _percents("highest of the hour's minutes")
    memory_percent = _percents("null: not reported")
    disk_percent = _percents("null: not reported")
    slots_used = fields.List(OneDecimal(required=True), required=True)


class MachineDaySchema(Schema):
    """Parallel lists: equal positions belong together."""

    machine_id = fields.UUID(required=True)
    at = fields.List(
        Timestamp(required=True),
        required=True,
        metadata={"description": "start of each half hour; omitted if the machine was offline"},
    )
    cpu_percent = _percents("mean")
