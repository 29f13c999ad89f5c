"""What all schemas share."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError, fields

from app.api.schemas.base import INT8, Boolean, Id, Integer, Schema, Timestamp, camel_case
from app.domain.timestamps import to_rfc3339


class ThingSchema(Schema):
    some_long_name = fields.String()
    made_at = Timestamp()
    size = Integer()
    is_on = Boolean()
    id = Id()
    parts = fields.List(fields.Dict())


def test_names_are_camel_case_outside() -> None:
    assert ThingSchema().load({"someLongName": "a"}) == {"some_long_name": "a"}
    assert ThingSchema().dump({"some_long_name": "a"}) == {"someLongName": "a"}
    assert camel_case("id") == "id"


@pytest.mark.parametrize("name", ["some_long_name", "other", ""])
def test_an_unknown_field_is_refused(name: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        ThingSchema().load({name: "a"})
    assert refusal.value.messages == {name: ["Unknown field."]}


def test_timestamps_are_utc_with_milliseconds() -> None:
    moment = datetime(2030, 1, 31, 14, 0, 0, 1999, timezone(timedelta(hours=2)))
    assert to_rfc3339(moment) == "2030-01-31T12:00:00.001Z"
    assert ThingSchema().dump({"made_at": None}) == {"madeAt": None}


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_timestamp_survives_a_round_trip(moment: datetime) -> None:
    loaded = ThingSchema().load(ThingSchema().dump({"made_at": moment}))
    assert moment - loaded["made_at"] < timedelta(milliseconds=1)


@pytest.mark.parametrize("text", ["2030-01-31T12:00:00", "yesterday", "", 7, None])
def test_a_timestamp_without_offset_is_refused(text: object) -> None:
    with pytest.raises(ValidationError):
        ThingSchema().load({"madeAt": text})


@pytest.mark.parametrize("number", ["1", 1.5, True, 2**31, -1, None, [1]])
def test_a_number_is_a_number_that_postgres_can_hold(number: object) -> None:
    with pytest.raises(ValidationError):
        ThingSchema().load({"size": number})


def test_a_whole_number_may_be_written_with_a_point() -> None:
    assert repr(ThingSchema().load({"size": 1.0})) == "{'size': 1}"


@pytest.mark.parametrize("word", [0, 1, "true", "false", "", None])
def test_a_flag_is_true_or_false(word: object) -> None:
    with pytest.raises(ValidationError):
        ThingSchema().load({"is_on": word})
    assert ThingSchema().load({"isOn": True}) == {"is_on": True}


@pytest.mark.parametrize("number", [0, INT8 + 1])
def test_an_id_is_one_that_a_row_can_have(number: int) -> None:
    with pytest.raises(ValidationError):
        ThingSchema().load({"id": number})


@pytest.mark.parametrize("text", ["\0", "a\0b", "\ud800", "\udfff!"])
def test_what_postgres_cannot_hold_is_refused_wherever_it_is(text: str) -> None:
    for body in ({"someLongName": text}, {"parts": [{"a": [text]}]}, {"parts": [{text: 1}]}):
        with pytest.raises(ValidationError) as refusal:
            ThingSchema().load(body)
        assert refusal.value.messages_dict.keys() == body.keys()
