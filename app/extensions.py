"""Flask extensions and clients, created once and bound to an app by `factory.create_app`."""

from typing import TYPE_CHECKING, Any

import redis as redis_client
from celery import Celery
from flask import Flask, current_app
from flask_jwt_extended import JWTManager
from flask_migrate import Migrate
from flask_sock import Sock
from flask_sqlalchemy import SQLAlchemy
from limits.storage import RedisStorage
from limits.strategies import MovingWindowRateLimiter
from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    """The base of all models. Constraints have conventional names, so that migrations can drop
    them by name.
    """

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


# Rows stay readable after a commit: a route's response doesn't read them again.
db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})
if TYPE_CHECKING:
    Model = Base  # db.Model is one, but mypy can't tell
else:
    Model = db.Model
migrate = Migrate(compare_type=True)
jwt = JWTManager()
sock = Sock()


MAX_REDIS_CONNECTIONS = 8
REDIS_TIMEOUT_SECONDS = 5


class Redis:
    """The process's Redis client and rate limiter, found through the current app."""

    def init_app(self, app: Flask) -> None:
        # Few connections, because they stay open. A request waits if all are in use; redis-py's
        # default pool would open a hundred, and reject the next request.
        pool = redis_client.BlockingConnectionPool.from_url(
            app.config["REDIS_URL"],
            max_connections=MAX_REDIS_CONNECTIONS,
            timeout=REDIS_TIMEOUT_SECONDS,
            socket_timeout=REDIS_TIMEOUT_SECONDS,
            socket_connect_timeout=2,
        )
        client = redis_client.Redis(connection_pool=pool)
        app.extensions["redis"] = client
        storage = RedisStorage("redis://", connection_pool=client.connection_pool)
        app.extensions["limiter"] = MovingWindowRateLimiter(storage)

    @property
    def client(self) -> "redis_client.Redis":
        client: redis_client.Redis = current_app.extensions["redis"]
        return client

    @property
    def limiter(self) -> MovingWindowRateLimiter:
        """The rate limiter, which counts in the same Redis. Raises what the client raises."""
        limiter: MovingWindowRateLimiter = current_app.extensions["limiter"]
        return limiter


redis = Redis()


def get_celery(app: Flask) -> Celery:
    """The app's Celery, set up by the factory."""
    celery: Any = app.extensions["celery"]
    return celery
