"""Roles of a test's own PostgreSQL beside the app's, and whom it lets in as them.

The app's role can do no more than in life. What tests need beyond that (databases of their own,
rows taken away past the audit log's trigger) they do as the superuser, whom their cluster lets them
in as.
"""

import os
import signal
from pathlib import Path

import psycopg2
from sqlalchemy.engine import make_url

from app.embedded import Services, accounts, roles
from app.embedded.postgres import Postgres
from tests.wait import wait_until


def admit(services: Services, role: str = roles.SUPERUSER) -> str:
    """Let us in as this role until the next start; the URL for that."""
    server = services.servers["postgres"]
    assert isinstance(server, Postgres)
    data: Path = server.data.path
    with (data / "pg_ident.conf").open("a") as map_:
        map_.write("".join(f'tests "{user}" "{role}"\n' for user in accounts.owner_names()))
    rules = data / "pg_hba.conf"
    rules.write_text(f'local all "{role}" peer map=tests\n{rules.read_text()}')
    os.kill(services.processes["postgres"].pid, signal.SIGHUP)
    url = make_url(services.database_url).set(username=role)
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    wait_until(lambda: _lets_in(plain), f"login as {role}")
    return url.render_as_string(hide_password=False)


def _lets_in(url: str) -> bool:
    try:
        psycopg2.connect(url).close()
    except psycopg2.OperationalError as refused:
        return "does not exist" in str(refused)  # let in, if it were there
    return True
