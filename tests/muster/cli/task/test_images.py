"""--image uploads files before the task or follow-up that uses them."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.image_files import make_png
from tests.muster.cli.shell import SERVER, CommandResult, Shell


@pytest.fixture
def shot(tmp_path: Path) -> Path:
    path = tmp_path / "login page.png"
    path.write_bytes(make_png())
    return path


def run(*arguments: str, refusal: int = 0) -> tuple[CommandResult, list[tuple[str, Any]]]:
    """Run a command; return its result, and the paths and bodies of its requests."""
    sent: list[tuple[str, Any]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        body = request.read()
        path = request.url.raw_path.decode()
        if request.method == "GET":
            return httpx.Response(200, json={"id": 7, "projectKey": "WEB"})
        is_image = "/images" in path
        sent.append((path, body if is_image else json.loads(body)))
        if is_image and refusal:
            problem = {
                "code": "validation_failed",
                "detail": "Invalid.",
                "errors": {"body": ["no"]},
            }
            return httpx.Response(refusal, json=problem)
        return httpx.Response(
            201, json={"id": 40 + len(sent), "projectKey": "WEB", "state": "queued"}
        )

    return Shell(answer)("--server", SERVER, "task", *arguments), sent


@pytest.mark.usefixtures("home")
def test_a_new_task_uses_the_uploaded_images_in_order(shot: Path) -> None:
    _, sent = run(
        *("create", "-p", "WEB", "-d", "Align it."), *("--image", str(shot), "--image", str(shot))
    )
    upload = ("/api/web/projects/WEB/images?name=login%20page.png", make_png())
    assert [(path.replace("+", "%20"), body) for path, body in sent[:2]] == [upload, upload]
    assert sent[2][1]["imageIds"] == [41, 42]


@pytest.mark.usefixtures("home")
def test_a_follow_up_uploads_to_the_tasks_project(shot: Path) -> None:
    _, sent = run("follow-up", "7", "-d", "Or so.", "--image", str(shot))
    assert sent[0][0].startswith("/api/web/projects/WEB/images")
    assert sent[1][1] == {"instruction": "Or so.", "imageIds": [41]}


@pytest.mark.usefixtures("home")
def test_a_refused_image_is_named_and_no_task_is_created(shot: Path) -> None:
    result, sent = run("create", "-p", "WEB", "-d", "Align it.", "--image", str(shot), refusal=422)
    assert result.status == 1
    assert f"Can't attach {shot}" in result.err
    assert len(sent) == 1
