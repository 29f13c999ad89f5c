"""The generated OpenAPI document says the same as the contract, completely."""

import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from flask.testing import FlaskClient

from app import errors
from app.api.openapi import problem_responses
from app.api.openapi.links import LINKS

METHODS = ("get", "post", "put", "delete")
OPEN = {
    *("healthz", "readyz", "getOpenapi", "getDocs", "listEvidenceKeys", "login", "refresh"),
    *("browserLogin", "browserRefresh", "browserLogout"),
    *("listProviders", "startSignIn", "finishSignIn", "exchangeCode"),
    *("inspectInvitation", "acceptInvitation"),
    *("requestDeviceAuthorization", "getDeviceTokens"),
    *("getWorkersHealth", "registerMachine", "recoverMachine"),
    *("getWorkerScript", "getWorkerRequirements", "getWorkerWheel"),
    *("receiveSlackEvent", "receiveSlackInteraction", "receiveSlackCommand", "receiveLarkEvent"),
}
NOT_FOR_PERSONAL_TOKENS = {
    *("logout", "changePassword", "createPersonalToken", "createChatToken"),
    *("startTotpSetup", "verifyTotp", "disableTotp", "reauthenticate"),
    *("logoutFromProvider", "getDevice", "approveDevice", "denyDevice"),
    *("listSessions", "endSession", "endSessions"),
}


@pytest.fixture
def document(client: FlaskClient) -> Any:
    return client.get("/api/openapi.json").json


def operations(document: Any) -> Iterator[tuple[str, str, Any]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in METHODS:
                yield method, path, operation


def by_id(document: Any) -> dict[str, Any]:
    return {operation["operationId"]: operation for _, _, operation in operations(document)}


def resolved(document: Any, node: Any) -> Any:
    found = document
    for part in node.get("$ref", "").split("/")[1:]:
        found = found[part]
    return found if "$ref" in node else node


def codes(document: Any, operation: Any, status: int) -> list[str]:
    content = resolved(document, operation["responses"][str(status)])["content"]
    schema = resolved(document, content["application/problem+json"]["schema"])
    found: list[str] = schema["properties"]["code"]["enum"]
    return found


def nodes(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for below in node.values():
            yield from nodes(below)
    elif isinstance(node, list):
        for below in node:
            yield from nodes(below)


def test_every_operation_has_a_name_of_its_own_and_says_what_it_does(document: Any) -> None:
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(set(names)) == len(names)
    for _, path, operation in operations(document):
        assert operation["operationId"].isalnum()
        assert operation["summary"].endswith("."), path
        assert operation["tags"], path
        assert any(status[0] in "23" for status in operation["responses"]), path


def test_every_tag_is_described(document: Any) -> None:
    tags = {tag["name"]: tag["description"] for tag in document["tags"]}
    assert all(tags.values())
    assert {
        tag for _, _, operation in operations(document) for tag in operation["tags"]
    } == tags.keys()


def test_every_closed_operation_says_which_credential_opens_it(document: Any) -> None:
    for name, operation in by_id(document).items():
        schemes = {scheme for one in operation["security"] for scheme in one}
        if name in OPEN:
            assert schemes == set()
        elif name == "metrics":
            assert schemes == {"scrapeToken", "accessToken", "personalAccessToken"}
        elif name in ("refreshWorkerJwt", "reportUninstalled", "getWorkerImage"):
            assert schemes == {"workerJwt"}
        elif name in NOT_FOR_PERSONAL_TOKENS:
            assert schemes == {"accessToken"}
        else:
            assert schemes == {"accessToken", "personalAccessToken"}, name
        assert schemes <= document["components"]["securitySchemes"].keys()


def test_what_follows_from_a_route_is_said_of_it(document: Any) -> None:
    for method, path, operation in operations(document):
        answered = operation["responses"].keys()
        assert {"400", "500"} <= answered
        assert ("401" in answered) >= bool(operation["security"]), path
        assert ("404" in answered) >= ("{" in path), path
        assert ("403" in answered) >= path.startswith("/api/admin/"), path
        assert ("422" in answered) == bool(operation.get("parameters", "requestBody" in operation))
        # What platforms post is described by them, and may be a form.
        is_ours = not path.startswith("/webhook/")
        assert ("413" in answered) == ("requestBody" in operation or not is_ours), path
        assert ("415" in answered) == (method != "get" and is_ours), path
        if path.startswith("/api/") and path not in ("/api/openapi.json", "/api/docs"):
            assert codes(document, operation, 503) == ["unavailable"]


@pytest.mark.parametrize(
    ("name", "status", "expected"),
    [
        ("login", 401, ["invalid_credentials", "totp_invalid", "totp_required"]),
        ("login", 429, ["too_many_attempts"]),
        ("refresh", 401, ["invalid_token"]),
        ("getTask", 401, ["invalid_token", "unauthenticated"]),
        ("getTask", 404, ["not_found"]),
        ("getPendingGate", 404, ["not_found", "nothing_pending"]),
        ("cancelTask", 409, ["task_ended"]),
        ("retryTask", 409, ["no_checkpoint", "project_archived", "task_not_ended"]),
        (
            *("confirmStage", 409),
            ["already_answered", "no_open_gate", "tunnel_open", "wrong_round", "wrong_stage"],
        ),
        ("adminDeleteProject", 409, ["project_in_use"]),
        ("adminRemoveMember", 409, ["last_maintainer"]),
        ("getRawLog", 416, ["requested_range_not_satisfiable"]),
        ("createTask", 413, ["body_too_large"]),
        ("createTask", 422, ["validation_failed"]),
    ],
)
def test_an_operation_names_the_code_of_each_problem(
    document: Any, name: str, status: int, expected: list[str]
) -> None:
    assert codes(document, by_id(document)[name], status) == expected


def test_every_problem_is_a_problem_document_with_an_example_of_each_code(document: Any) -> None:
    for response in document["components"]["responses"].values():
        ((media, content),) = response["content"].items()
        assert media == "application/problem+json"
        schema = resolved(document, content["schema"])
        assert list(content["examples"]) == schema["properties"]["code"]["enum"]
        assert ("errors" in schema["properties"]) == (
            schema["properties"]["status"]["enum"] == [422]
        )


def test_waiting_is_said_in_headers(document: Any) -> None:
    responses = document["components"]["responses"]
    assert "Retry-After" in responses["UnavailableProblem"]["headers"]
    assert "Retry-After" in responses["TooManyAttemptsProblem"]["headers"]
    assert "WWW-Authenticate" in responses["CredentialProblem"]["headers"]
    login = by_id(document)["login"]["responses"]
    assert {"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"} <= login["200"][
        "headers"
    ].keys()
    assert "Location" in by_id(document)["createTask"]["responses"]["201"]["headers"]


def test_every_answer_says_that_it_carries_a_request_id(document: Any) -> None:
    for name, operation in by_id(document).items():
        for response in operation["responses"].values():
            assert "X-Request-ID" in resolved(document, response)["headers"], name


def test_every_reference_leads_somewhere_and_every_schema_is_used(document: Any) -> None:
    references = {node["$ref"] for node in nodes(document) if isinstance(node.get("$ref"), str)}
    for reference in references:
        resolved(document, {"$ref": reference})
    used = {name.rpartition("/")[2] for name in references if "/schemas/" in name}
    assert used == document["components"]["schemas"].keys()


def test_every_link_leads_to_an_operation_that_takes_what_it_gives(document: Any) -> None:
    known = by_id(document)
    places = {
        operation["operationId"]: item
        for item in document["paths"].values()
        for method, operation in item.items()
        if method in METHODS
    }
    assert known.keys() >= LINKS.keys()
    links = [link for node in nodes(document["paths"]) for link in node.get("links", {}).values()]
    assert links
    for link in links:
        target = known[link["operationId"]]
        parameters = target.get("parameters", []) + places[link["operationId"]].get(
            "parameters", []
        )
        assert link["parameters"].keys() <= {parameter["name"] for parameter in parameters}


def test_every_body_has_an_example_that_its_schema_allows(document: Any) -> None:
    schemas = document["components"]["schemas"]
    checked = 0
    for node in nodes(document):
        for content in (
            node.get("content", {}).values() if isinstance(node.get("content"), dict) else ()
        ):
            examples = (
                [content["example"]]
                if "example" in content
                else [one["value"] for one in content["examples"].values()]
            )
            whole = {**content["schema"], "components": {"schemas": schemas}}
            validator = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
            for example in examples:
                validator.validate(json.loads(json.dumps(example)))
                checked += 1
    assert checked > 100


def test_names_are_camel_case(document: Any) -> None:
    names = [
        name
        for node in nodes(document["components"]["schemas"])
        for name in node.get("properties", {})
    ]
    names += [
        node["name"] for node in nodes(document["paths"]) if "in" in node and node["in"] != "header"
    ]
    assert {"currentStageIndex", "gateTimeout", "taskId", "nextCursor"} <= {*names}
    assert {name for name in names if "_" in name} == {
        "response_action",
        "response_type",
    }  # Slack's


def test_every_schema_says_which_type_it_is(document: Any) -> None:
    for name, schema in document["components"]["schemas"].items():
        for prop, definition in schema.get("properties", {}).items():
            assert {"type", "$ref", "anyOf"} & definition.keys(), f"{name}.{prop}"


@pytest.mark.parametrize(
    "problem",
    [
        problem_responses.MALFORMED,
        problem_responses.TOO_LARGE,
        problem_responses.UNSUPPORTED,
        problem_responses.INTERNAL,
    ],
    ids=lambda problem: problem.code,
)
def test_the_frameworks_problems_are_called_as_they_are_answered(
    problem: problem_responses.Problem,
) -> None:
    assert errors.CODES[problem.status] == problem.code


def _schemas(node: Any) -> Any:
    """Whatever may be a schema."""
    if isinstance(node, dict):
        yield node
        for name, below in node.items():
            if name not in ("example", "examples"):
                yield from _schemas(below)
    elif isinstance(node, list):
        for below in node:
            yield from _schemas(below)


def test_no_default_is_null(document: Any) -> None:
    """Generators would take the field for one that is always there."""
    assert [node for node in _schemas(document) if node.get("default", ...) is None] == []


def test_every_pattern_is_one_that_python_knows_too(document: Any) -> None:
    patterns = {
        node["pattern"] for node in _schemas(document) if isinstance(node.get("pattern"), str)
    }
    assert len(patterns) > 20
    for pattern in patterns:
        assert "\\p{" not in pattern
        re.compile(pattern)
