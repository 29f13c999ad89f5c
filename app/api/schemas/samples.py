"""Samples of machines' load, in columns, as JSON."""

from typing import Any

from marshmallow import fields

from app.api.schemas.base import Schema, Timestamp
from app.domain.samples import SampleStep


class SampleQuery(Schema):
    step = fields.Enum(
        SampleStep,
        by_value=True,
        load_default=SampleStep.MINUTE,
        metadata={"description": "minute: of a day; hour: of 90 days"},
    )


class OneDecimal(fields.Float):
    """A number that is written to one decimal."""

    def _serialize(self, value: float | None, *_: Any, **__: Any) -> float | None:
        return None if value is None else round(value, 1)


def _percents(description: str) -> fields.List[float]:
    each = OneDecimal(required=True, allow_none=True)
    return fields.List(each, required=True, metadata={"description": description})


class SamplesSchema(Schema):
    """What stands at the same place of the lists belongs together."""

    step = fields.Enum(SampleStep, by_value=True, required=True)
    at = fields.List(
        Timestamp(required=True),
        required=True,
        metadata={"description": "where each minute or hour begins; none where it was not heard"},
    )
    cpu_percent = _percents("of an hour the mean, as all but `cpuHighest`")
    cpu_highest = _percents("of the hour's minutes")
    memory_percent = _percents("null: it had not said")
    disk_percent = _percents("null: it had not said")
    slots_used = fields.List(OneDecimal(required=True), required=True)


class MachineDaySchema(Schema):
    """What stands at the same place of the lists belongs together."""

    machine_id = fields.UUID(required=True)
    at = fields.List(
        Timestamp(required=True),
        required=True,
        metadata={"description": "where each half hour begins; none where it was not heard"},
    )
    cpu_percent = _percents("the mean")
