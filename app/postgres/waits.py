"""psycopg2's waits in gevent's hub, none of them without an end.

libpq leaves time limits, `connect_timeout` among them, to those who do not block. Without one a
server that is frozen, or behind a cable that was pulled, would keep requests until it comes back.
"""

from psycogreen.gevent import gevent_wait_callback
from psycopg2 import OperationalError, extensions

SECONDS = 15.0  # no statement of a request takes nearly as long


def in_hub(seconds: float = SECONDS) -> None:
    """Have all connections of this process wait so, each time for so long at most."""

    def wait(connection: extensions.connection) -> None:
        try:
            gevent_wait_callback(connection, timeout=seconds)
        except TimeoutError as error:  # psycopg2 closes the connection
            raise OperationalError(f"Postgres has said nothing for {seconds:.0f} s") from error

    extensions.set_wait_callback(wait)
