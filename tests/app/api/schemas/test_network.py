"""What a network may be: the schema takes what the OpenAPI document allows, and nothing else."""

import re
from typing import Any

import jsonschema_rs
import pytest
from flask import Flask
from hypothesis import example, given
from hypothesis import strategies as st
from marshmallow import ValidationError

from app.api.schemas.projects import ProjectSchema, ProjectUpdate
from app.domain import network
from app.services.projects.views import ProjectView
from tests.factories import make_project

_HOST = re.compile(network.HOST.removesuffix("$") + r"\Z")
_GOOD = st.from_regex(_HOST).filter(lambda text: len(text) <= network.MAX_HOST_LENGTH)
_NEAR = st.text(alphabet="a1.*:-@[]x\n", max_size=12)
_ENTRIES = _GOOD | _NEAR | st.none() | st.integers()
_NETWORKS = (
    st.sampled_from(["open", "none", "Open", "", None, [], {}, 0, True])
    | st.builds(lambda hosts: {"allow": hosts}, st.lists(_ENTRIES, max_size=4))
    | st.builds(lambda hosts: {"allow": hosts}, st.lists(_GOOD, min_size=1, max_size=4))
    | st.dictionaries(st.sampled_from(["allow", "deny"]), st.lists(_GOOD, max_size=2))
)


@pytest.fixture(scope="session")
def documented(rolled_back_app: Flask) -> jsonschema_rs.Validator:
    """The schema of a project's network in the document."""
    document: Any = rolled_back_app.extensions["api_description"].document
    schema = document["components"]["schemas"]["ProjectUpdate"]["properties"]["network"]
    return jsonschema_rs.validator_for({**schema, "components": document["components"]})


def is_taken(spec: Any) -> bool:
    try:
        ProjectUpdate().load({"network": spec})
    except ValidationError:
        return False
    return True


@given(spec=_NETWORKS)
@example(spec={"allow": ["a.example"] * network.MAX_HOSTS})
@example(spec={"allow": ["a.example"] * (network.MAX_HOSTS + 1)})
@example(spec={"allow": ["a" * 64 + ".example"]})
@example(spec={"allow": ["a." * 125 + "aaa"]})
@example(spec={"allow": ["a." * 125 + "aaaa"]})
def test_the_schema_takes_what_the_document_allows(
    documented: jsonschema_rs.Validator, spec: Any
) -> None:
    assert is_taken(spec) == documented.is_valid(spec)


@given(spec=st.sampled_from(["open", "none"]) | st.lists(_GOOD, min_size=1, max_size=5))
def test_what_is_taken_comes_back_as_it_is_kept(spec: str | list[str]) -> None:
    value = spec if isinstance(spec, str) else {"allow": spec}
    loaded = ProjectUpdate().load({"network": value})["network"]
    assert loaded == value
    output = network.to_api(network.from_api(loaded))
    assert ProjectUpdate().load({"network": output})["network"] == output
    assert network.to_api(network.from_api(output)) == output


@pytest.mark.parametrize("hosts", [None, [], ["a.example", "@agent"]])
def test_a_project_shows_what_its_row_has(app: Flask, hosts: list[str] | None) -> None:
    view = ProjectView(make_project(network=hosts), 0, {}, {}, None)
    assert ProjectSchema().dump(view)["network"] == network.to_api(hosts)
