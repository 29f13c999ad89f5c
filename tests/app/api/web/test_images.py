"""Images of tasks over HTTP: who uploads, uses and sees them, and up to how many."""

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.domain import image
from app.domain.roles import SystemRole
from app.domain.task import TaskStatus
from app.extensions import db
from app.models import Developer, Project, TaskImage
from app.services.clock import now
from app.services.ops import retention
from app.services.project_deletion import deletion
from tests.factories import make_developer, make_project, make_task
from tests.image_files import make_png

Login = Callable[[Developer], dict[str, str]]
Headers = dict[str, str]
WORK = {"0": {"ref": "refs/muster/1/1/0", "commit": "c0ffee"}}


def upload(
    client: FlaskClient, project: Project, headers: Headers, data: bytes | None = None
) -> Any:
    path = f"/api/web/projects/{project.key}/images?name=shot.png"
    body = make_png() if data is None else data
    return client.post(path, data=body, headers=headers | {"Content-Type": "image/png"})


def create(client: FlaskClient, project: Project, headers: Headers, *image_ids: int) -> Any:
    body = {"projectKey": project.key, "description": "Do it.", "imageIds": [*image_ids]}
    return client.post("/api/web/tasks", json=body, headers=headers)


def test_an_uploaded_image_becomes_part_of_the_task_that_uses_it(
    client: FlaskClient, project: Project, headers: Headers
) -> None:
    made = upload(client, project, headers, make_png(640, 480))
    assert made.status_code == 201, made.json
    assert {**made.json, "id": 0} == {
        "id": 0,
        "name": "shot.png",
        "mediaType": "image/png",
        "sizeBytes": len(make_png(640, 480)),
        "width": 640,
        "height": 480,
    }
    task = create(client, project, headers, made.json["id"])
    assert task.status_code == 201, task.json
    shown = client.get(f"/api/web/tasks/{task.json['id']}", headers=headers).json
    assert shown["images"] == [{**made.json, "followUp": None}]


def test_an_image_is_shown_but_never_run(
    client: FlaskClient, project: Project, headers: Headers
) -> None:
    image_id = upload(client, project, headers).json["id"]
    task_id = create(client, project, headers, image_id).json["id"]
    path = f"/api/web/tasks/{task_id}/images/{image_id}"
    found = client.get(path, headers=headers)
    assert (found.status_code, found.data) == (200, make_png())
    assert found.content_type == "image/png"
    assert found.headers["X-Content-Type-Options"] == "nosniff"
    assert found.headers["Content-Security-Policy"].endswith("sandbox")
    assert found.headers["Content-Disposition"] == f'inline; filename="image-{image_id}.png"'
    assert found.headers["Cache-Control"] == "private, no-cache"
    again = client.get(path, headers=headers | {"If-None-Match": found.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize(
    "data", [b"GIF89a", b"<svg/>", b"", make_png()[:-1]], ids=["GIF", "SVG", "nothing", "a part"]
)
def test_a_file_that_is_no_image_is_refused_by_its_content(
    client: FlaskClient, project: Project, headers: Headers, data: bytes
) -> None:
    refused = upload(client, project, headers, data)
    assert refused.status_code == 422
    assert refused.json["errorCodes"]["body"][0]["code"] == "not_an_image"


def test_an_image_is_limited_to_five_mebibytes(
    client: FlaskClient, project: Project, headers: Headers
) -> None:
    fits = make_png(size=image.MAX_BYTES)
    assert len(fits) == image.MAX_BYTES
    assert upload(client, project, headers, fits).status_code == 201
    refused = upload(client, project, headers, fits + b"\0")
    assert (refused.status_code, refused.json["code"]) == (413, "body_too_large")


def test_other_routes_still_take_only_json(client: FlaskClient, headers: Headers) -> None:
    refused = client.post(
        "/api/web/tasks", data=make_png(), headers=headers | {"Content-Type": "image/png"}
    )
    assert refused.status_code == 415


def test_only_members_upload_and_those_who_see_the_task_see_its_images(
    client: FlaskClient, project: Project, headers: Headers, login: Login
) -> None:
    other, lead = login(make_developer()), login(make_developer(role=SystemRole.LEAD))
    assert upload(client, project, other).status_code == 404
    assert upload(client, project, lead).status_code == 403
    image_id = upload(client, project, headers).json["id"]
    task_id = create(client, project, headers, image_id).json["id"]
    path = f"/api/web/tasks/{task_id}/images/{image_id}"
    assert client.get(path, headers=other).status_code == 404
    assert client.get(path, headers=lead).status_code == 200
    unrelated = make_task(project=project)
    assert (
        client.get(f"/api/web/tasks/{unrelated.id}/images/{image_id}", headers=headers).status_code
        == 404
    )


def test_an_unused_image_is_deleted_by_its_owner_alone(
    client: FlaskClient, project: Project, headers: Headers, login: Login
) -> None:
    used, unused = (upload(client, project, headers).json["id"] for _ in range(2))
    create(client, project, headers, used)
    admin = login(make_developer(role=SystemRole.ADMIN))
    assert client.delete(f"/api/web/images/{unused}", headers=admin).status_code == 404
    assert client.delete(f"/api/web/images/{used}", headers=headers).status_code == 404
    assert client.delete(f"/api/web/images/{unused}", headers=headers).status_code == 200
    assert client.delete(f"/api/web/images/{unused}", headers=headers).status_code == 404
    assert db.session.get(TaskImage, used) is not None


def wrong_ids(answer: Any) -> Any:
    assert answer.status_code == 422, answer.json
    return {
        field: [each["code"] for each in found]
        for field, found in answer.json["errorCodes"].items()
    }


def test_a_task_uses_only_own_unused_images_of_its_project_each_once(
    client: FlaskClient, project: Project, headers: Headers, developer: Developer, login: Login
) -> None:
    elsewhere = make_project(members=[developer])
    admin = login(make_developer(role=SystemRole.ADMIN))
    mine, theirs, other = (
        upload(client, *each).json["id"]
        for each in ((project, headers), (project, admin), (elsewhere, headers))
    )
    no_such = {"imageIds.0": ["no_such_image"]}
    assert wrong_ids(create(client, project, headers, theirs)) == no_such
    assert wrong_ids(create(client, project, headers, other)) == no_such
    assert wrong_ids(create(client, project, headers, 4_000_000)) == no_such
    assert wrong_ids(create(client, project, headers, mine, mine)) == {
        "imageIds.1": ["no_such_image"]
    }
    assert create(client, project, headers, mine).status_code == 201
    assert wrong_ids(create(client, project, headers, mine)) == no_such


def test_a_task_is_limited_to_ten_images_with_those_of_its_follow_ups(
    client: FlaskClient, project: Project, headers: Headers, developer: Developer
) -> None:
    ids = [upload(client, project, headers).json["id"] for _ in range(12)]
    assert wrong_ids(create(client, project, headers, *ids[:11])) == {"imageIds": ["too_long"]}
    task = make_task(
        project=project, creator=developer, status=TaskStatus.COMPLETED, checkpoints=WORK
    )
    path = f"/api/web/tasks/{task.id}/follow-ups"
    body = {"instruction": "Like this.", "imageIds": ids[:10]}
    assert client.post(path, json=body, headers=headers).status_code == 201
    body["imageIds"] = ids[10:11]
    assert wrong_ids(client.post(path, json=body, headers=headers)) == {
        "imageIds": ["too_many_of_task"]
    }
    shown = client.get(f"/api/web/tasks/{task.id}", headers=headers).json["images"]
    assert [(each["id"], each["followUp"]) for each in shown] == [(each, 1) for each in ids[:10]]


def test_a_withdrawn_follow_up_takes_its_images_along(
    client: FlaskClient, project: Project, headers: Headers, developer: Developer
) -> None:
    task = make_task(project=project, creator=developer, status=TaskStatus.RUNNING)
    image_id = upload(client, project, headers).json["id"]
    path = f"/api/web/tasks/{task.id}/follow-ups"
    body = {"instruction": "Like this.", "imageIds": [image_id]}
    made = client.post(path, json=body, headers=headers)
    assert made.json["state"] == "queued", made.json
    assert client.delete(made.headers["Location"], headers=headers).status_code == 200
    assert client.get(f"/api/web/tasks/{task.id}", headers=headers).json["images"] == []
    assert db.session.get(TaskImage, image_id) is None


def test_a_person_is_limited_to_twenty_unused_images(
    client: FlaskClient, project: Project, headers: Headers
) -> None:
    ids = [upload(client, project, headers).json["id"] for _ in range(image.MAX_UNUSED)]
    refused = upload(client, project, headers)
    assert (refused.status_code, refused.json["code"]) == (409, "too_many_images")
    assert create(client, project, headers, ids[0]).status_code == 201
    assert upload(client, project, headers).status_code == 201


def test_unused_images_are_deleted_after_a_day_and_used_ones_with_their_project(
    client: FlaskClient, project: Project, headers: Headers
) -> None:
    used, unused = (upload(client, project, headers).json["id"] for _ in range(2))
    task_id = create(client, project, headers, used).json["id"]
    retention.sweep(now() + timedelta(hours=23))
    assert db.session.get(TaskImage, unused) is not None
    retention.sweep(now() + timedelta(hours=25))
    db.session.expire_all()
    assert db.session.get(TaskImage, unused) is None
    assert db.session.get(TaskImage, used) is not None
    admin = make_developer(role=SystemRole.ADMIN)
    deletion.delete(admin, project.key, force=True)
    db.session.expire_all()
    assert db.session.get(TaskImage, used) is None
    assert task_id


def test_of_two_tasks_that_use_one_image_at_once_one_is_created(
    committed_app: Flask, committed_client: FlaskClient, login: Login
) -> None:
    developer = make_developer()
    headers, project = login(developer), make_project(members=[developer])
    key = project.key
    image_id = upload(committed_client, project, headers).json["id"]
    barrier, answers = Barrier(4), []

    def ask() -> None:
        body = {"projectKey": key, "description": "Do it.", "imageIds": [image_id]}
        barrier.wait()
        answer = committed_app.test_client().post("/api/web/tasks", json=body, headers=headers)
        answers.append(answer.status_code)

    threads = [Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [201, 422, 422, 422]
