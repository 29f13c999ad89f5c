"""psycopg2 waits for Postgres in gevent's hub, always with a time limit.

In non-blocking mode libpq ignores its own limits, including `connect_timeout`. Without ours, a
frozen or unreachable Postgres would hold requests until it returns.
"""

from psycogreen.gevent import gevent_wait_callback
from psycopg2 import OperationalError, extensions

TIMEOUT_SECONDS = 15.0  # no statement of a request takes nearly as long


def install_gevent_wait(seconds: float = TIMEOUT_SECONDS) -> None:
    """Make all psycopg2 connections of this process wait in gevent's hub.

    A wait that takes longer than `seconds` raises psycopg2.OperationalError and closes the
    connection.
    """

    def wait(connection: extensions.connection) -> None:
        try:
            gevent_wait_callback(connection, timeout=seconds)
        except TimeoutError as error:  # psycopg2 closes the connection
            raise OperationalError(f"Postgres has sent nothing for {seconds:.0f} s") from error

    extensions.set_wait_callback(wait)
