"""A bundle has the images of its task, byte for byte, and they are signed with it."""

import io
import json
import zipfile

from flask import Flask

from app.domain.roles import SystemRole
from app.extensions import db
from app.services.evidence import bundle
from muster import verify
from tests.factories import (
    make_developer,
    make_image,
    make_project,
    make_task,
    make_unused_image,
)
from tests.image_files import make_png


def test_the_images_of_a_task_and_its_follow_ups_are_in_its_evidence(app: Flask) -> None:
    ada = make_developer(role=SystemRole.ADMIN)
    task = make_task(creator=ada)
    pictures = [make_png(3, 2), make_png(5, 4)]
    first = make_image(task, data=pictures[0])
    later = make_image(task, 1, data=pictures[1])
    make_image(make_task(creator=ada))
    make_unused_image(make_project(), ada)
    db.session.commit()
    data = b"".join(bundle.create_bundle(ada, task.id).read())
    assert verify.verify(io.BytesIO(data), None)[0].startswith(f"GENUINE: task {task.id} ")
    made = zipfile.ZipFile(io.BytesIO(data))
    found = [made.read(name) for name in made.namelist() if name.startswith("images/")]
    assert found == pictures
    described = json.loads(made.read("task.json"))["images"]
    assert [(image["id"], image["followUp"]) for image in described] == [
        (first.id, None),
        (later.id, 1),
    ]


def test_a_task_without_images_has_no_such_member(app: Flask) -> None:
    ada = make_developer(role=SystemRole.ADMIN)
    task = make_task(creator=ada)
    db.session.commit()
    data = b"".join(bundle.create_bundle(ada, task.id).read())
    names = zipfile.ZipFile(io.BytesIO(data)).namelist()
    assert not [name for name in names if name.startswith("images")]
