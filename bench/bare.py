"""The floor of a read: Flask and SQLAlchemy as in their tutorials, and nothing else.

Its one route does the same indexed reads as a GET of a task, in two queries: the requesting
developer by ID, and the task with the three rows for its names. It has no token, schema, log or
metrics. `gunicorn bench.bare:app` serves it with Muster's settings.
"""

from typing import Any

from flask import Flask, jsonify, request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select
from sqlalchemy.orm import joinedload

import config
from app.models import Developer, Task

app = Flask(__name__)
app.config.from_mapping(config.load())
db = SQLAlchemy(app)
_BY_ID = select(Task).options(
    joinedload(Task.project, innerjoin=True),
    joinedload(Task.creator, innerjoin=True),
    joinedload(Task.machine),
)


@app.get("/healthz")
def healthz() -> Any:
    return jsonify(status="up")


@app.get("/tasks/<int:task_id>")
def get_task(task_id: int) -> Any:
    developer = db.session.get(Developer, int(request.headers["X-Developer"]))
    task = db.session.scalar(_BY_ID.where(Task.id == task_id))
    if developer is None or task is None:
        return jsonify(error="not found"), 404
    return jsonify(
        id=task.id,
        projectKey=task.project.key,
        description=task.description,
        status=task.status,
        createdBy={"id": task.creator.id, "name": task.creator.name},
        machineName=task.machine.name if task.machine else None,
        pipeline=task.pipeline,
        result=task.result,
        createdAt=task.created_at.isoformat(),
    )
