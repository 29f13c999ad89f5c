"""/install: the script, the wheel and the requirements, without a credential."""

import hashlib
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.api import request_limits, worker_install
from app.domain.roles import SystemRole
from app.models import Developer
from app.services import settings
from tests.bundled_wheel import REQUIREMENTS, WHEEL
from tests.factories import make_developer

SCRIPT = "/install/worker.sh"


@pytest.fixture
def admin() -> Developer:
    return make_developer(role=SystemRole.ADMIN)


def value(script: str, name: str) -> str:
    """A value that the script sets, as a shell understands it."""
    (setting,) = [line for line in script.splitlines() if line.startswith(f"{name}=")]
    done = subprocess.run(
        ["sh", "-c", f'{setting}\nprintf %s "${name}"'], capture_output=True, text=True, check=True
    )
    return done.stdout


def test_the_script_knows_its_server_and_refuses_other_files(client: FlaskClient) -> None:
    answer = client.get(SCRIPT, base_url="https://muster.example.org:9000")
    assert (answer.status_code, answer.mimetype) == (200, "text/x-shellscript")
    assert answer.headers["Cache-Control"] == "no-store"
    assert value(answer.text, "SERVER") == "https://muster.example.org:9000"
    for file, name in ((WHEEL, "WHEEL_SHA256"), (REQUIREMENTS, "REQUIREMENTS_SHA256")):
        fetched = client.get(f"/install/{file}")
        assert fetched.status_code == 200
        assert value(answer.text, name) == hashlib.sha256(fetched.data).hexdigest()
    assert "'@" not in answer.text


def test_the_address_that_admins_have_set_is_the_one(client: FlaskClient, admin: Developer) -> None:
    settings.update(admin, {"publicUrl": "https://muster.example.org/"})
    script = client.get(SCRIPT, headers={"Host": "elsewhere.example.org"}).text
    assert value(script, "SERVER") == "https://muster.example.org"
    assert "elsewhere" not in script


HOSTILE = [
    "x'; touch /tmp/owned; '",
    "$(touch${IFS}/tmp/owned)",
    "`id`",
    "a b",
    "a;b",
    "a\\nb",
    "@SERVER_CA@",
    "user@host",
    "ex\u00e4mple.org",
    "",
    "a/../b c",
]


@pytest.mark.parametrize("host", HOSTILE)
def test_a_hostile_host_comes_into_no_script(client: FlaskClient, host: str) -> None:
    answer = client.get(SCRIPT, environ_overrides={"HTTP_HOST": host})
    assert answer.status_code in (400, 404), answer.text[:600]
    assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize("url", ["https://$(id).example.org", "https://a.example.org/`id`"])
def test_nor_does_an_address_that_only_a_shell_would_understand(
    client: FlaskClient, admin: Developer, url: str
) -> None:
    settings.update(admin, {"publicUrl": url})
    answer = client.get(SCRIPT)
    assert (answer.status_code, answer.json["code"]) == (404, "nothing_to_install")


def test_no_machine_is_made_by_plain_http_but_the_host_itself(client: FlaskClient) -> None:
    answer = client.get(SCRIPT, base_url="http://muster.example.org:9000")
    assert (answer.status_code, answer.json["code"]) == (404, "nothing_to_install")
    assert "https address" in answer.json["detail"]
    assert client.get(SCRIPT, base_url="http://127.0.0.1:9000").status_code == 200


@pytest.mark.parametrize("name", ["other.whl", "..%2f..%2fconfig.py", "worker.py", WHEEL + "x"])
def test_nothing_else_is_sent(client: FlaskClient, name: str) -> None:
    assert client.get(f"/install/{name}").status_code == 404


@pytest.fixture
def without_a_wheel(app: Flask, tmp_path: Path) -> Iterator[None]:
    before, app.config["INSTALL"] = app.config["INSTALL"], (tmp_path,)
    yield
    app.config["INSTALL"] = before


@pytest.mark.usefixtures("without_a_wheel")
def test_where_there_is_no_wheel_it_says_what_makes_one(
    client: FlaskClient, login: Callable[[Developer], dict[str, str]], admin: Developer
) -> None:
    for path in (SCRIPT, f"/install/{WHEEL}", f"/install/{REQUIREMENTS}"):
        answer = client.get(path)
        assert (answer.status_code, answer.json["code"]) == (404, "nothing_to_install")
        assert "make dist" in answer.json["detail"]
    made = client.post("/api/admin/worker-tokens", json={}, headers=login(admin))
    assert (made.status_code, made.json["installLine"]) == (201, None)


def test_a_token_comes_with_the_line_that_uses_it(
    client: FlaskClient, login: Callable[[Developer], dict[str, str]], admin: Developer
) -> None:
    settings.update(admin, {"publicUrl": "https://muster.example.org"})
    made = client.post("/api/admin/worker-tokens", json={}, headers=login(admin)).json
    assert made["installLine"] == (
        "curl -fsSL --proto '=https' https://muster.example.org/install/worker.sh | "
        f"MUSTER_ENROLL_TOKEN={made['token']} sh -s --"
    )


def test_anonymous_requests_are_counted_by_address(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request_limits, "ANONYMOUS_REQUESTS_PER_MINUTE", 2)
    here, there = {"REMOTE_ADDR": "192.0.2.7"}, {"REMOTE_ADDR": "192.0.2.8"}
    answers = [client.get(SCRIPT, environ_overrides=here).status_code for _ in range(3)]
    assert answers == [200, 200, 429]
    assert client.get(SCRIPT, environ_overrides=there).status_code == 200


def test_only_what_is_missing_is_no_error_of_a_token(app: Flask) -> None:
    with app.test_request_context("/", headers={"Host": "a b"}):
        assert worker_install.install_command("mst_enroll_x") is None
