"""The application factory, which assembles the server."""

import importlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from celery import Celery, Task, signals
from flask import Flask
from kombu import Exchange, Queue  # type: ignore[attr-defined]
from kombu.transport.redis import Channel as RedisChannel

import config
from app import console, errors, flask_commands, jobs, logging
from app.api import (
    guards,
    prepare_routing,
    register,
    request_hooks,
    request_limits,
    response_limits,
    security_headers,
)
from app.api.json_provider import JsonProvider
from app.extensions import db, jwt, migrate, redis, sock
from app.jobs.schedule import SCHEDULE
from app.postgres import after_commit, transactions
from app.sockets import DeferredThread, WebSocketMiddleware

QUEUES = ("dispatch", "notify", "sweep")


def create_app(settings: Mapping[str, Any] | None = None) -> Flask:
    """Create a Flask app with these settings; the default is `config.load`.

    Raises config.MissingSetting. It connects to nothing: Postgres and Redis may start later.
    """
    app = Flask(__name__, static_folder=None)
    app.config.from_mapping(config.load() if settings is None else settings)
    app.json = JsonProvider(app)
    logging.configure(app.config["LOG_LEVEL"])
    _bind_extensions(app)
    prepare_routing(app)
    request_hooks.install_tracking(app)
    security_headers.install(app)
    response_limits.install(app)
    request_limits.install(app)
    guards.install(app)
    request_hooks.install_body_check(app)
    errors.install(app)
    register(app, errors.STATUS)
    console.install(app)
    flask_commands.install(app)
    app.extensions["celery"] = _celery(app)
    # The outermost layer: every write to a socket goes through it.
    app.wsgi_app = WebSocketMiddleware(app.wsgi_app)  # type: ignore[method-assign]
    app.config["SOCK_SERVER_OPTIONS"]["thread_class"] = DeferredThread
    return app


def _bind_extensions(app: Flask) -> None:
    app.config["JWT_ACCESS_TOKEN_EXPIRES"] = timedelta(
        seconds=app.config["JWT_ACCESS_TOKEN_EXPIRES"]
    )
    # flask-sock registers the routes that it has at that time.
    importlib.import_module("app.control_channel.routes")
    importlib.import_module("app.terminals.routes")
    for extension in (db, jwt, sock, redis):
        extension.init_app(app)
    migrate.init_app(app, db)
    with app.app_context():
        transactions.begin_with_first_statement(db.engine)
        after_commit.track_commits(db.engine)


def _celery(app: Flask) -> Celery:
    """Create Celery on the app's Redis. Jobs run in an app context, and their results aren't
    stored.
    """

    class Job(Task):  # type: ignore[misc]
        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            with app.app_context():
                return super().__call__(*args, **kwargs)

    celery = Celery("muster", task_cls=Job, broker=app.config["REDIS_URL"], set_as_current=False)
    celery.conf.update(
        accept_content=["json"],
        task_serializer="json",
        task_ignore_result=True,
        # An interrupted job needn't be repeated: beat sends it again anyway.
        task_acks_late=False,
        worker_prefetch_multiplier=1,
        worker_cancel_long_running_tasks_on_connection_loss=True,
        worker_hijack_root_logger=False,
        # Set exchange and key: by default, all queues would be bound to the default queue's.
        task_queues=[Queue(name, Exchange(name), routing_key=name) for name in QUEUES],
        task_default_queue="dispatch",
        task_routes={f"{name}.*": {"queue": name} for name in QUEUES},
        beat_schedule=SCHEDULE,
        timezone="UTC",
        broker_connection_retry_on_startup=True,
        # Connections for sending; each is two Redis clients, which stay open. One is enough:
        # wakeups are rare and seldom concurrent, and then the second waits for one round trip.
        broker_pool_limit=1,
        # A web process gives up soon when Redis is down: a wakeup isn't worth a wait. Without these
        # settings, kombu retries forever.
        broker_transport_options={
            "visibility_timeout": 300,
            "socket_connect_timeout": 2,
            "socket_timeout": 5,
            "max_retries": 1,
            "interval_start": 0,
            "interval_step": 0.1,
            "interval_max": 0.1,
        },
        task_publish_retry_policy={"max_retries": 1, "interval_start": 0, "interval_step": 0.1},
    )
    # Don't requeue unacknowledged messages when a connection breaks: beat sends the jobs again.
    # kombu would requeue on the closed connection, after which the worker runs but receives
    # nothing.
    RedisChannel.do_restore = False
    jobs.register(celery)
    return celery


@signals.setup_logging.connect  # type: ignore[untyped-decorator]
def _skip_celery_logging(**_: object) -> None:
    """Do nothing: Celery leaves logging alone if this signal has a receiver."""
