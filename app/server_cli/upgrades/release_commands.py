"""What one release asks of another: `<its Python> -P -m app.server_cli.upgrades.release_commands WORD`.

Releases of other versions call this: words and answers stay as they are. `check` makes the server
as its processes will, and answers with JSON; `migrate` brings the database to its schema; `units`
writes the units, for the system or, with `--user`, for one user.
"""

import importlib
import json
import os
import sys
from pathlib import Path

from app.embedded.commands import commands
from app.embedded.stack import ROOT
from app.server_cli.backups import schema
from app.server_cli.installation import paths, settings, units
from muster import __version__

SERVES = ("wsgi", "celery_worker")


def main(words: list[str]) -> int:
    os.chdir(ROOT)
    match words:
        case ["check"]:
            sys.path.insert(0, str(ROOT))
            for name in SERVES:
                importlib.import_module(name)
            print(json.dumps({"version": __version__, "schema": schema.newest()}))  # noqa: T201
        case ["migrate"]:
            argv = commands(Path(os.environ["MUSTER_HOME"])).migrate
            os.execv(argv[0], argv)
        case ["units", *options]:
            where = paths.of(user=options == ["--user"])
            units.write(where, settings.read(where.settings))
        case _:
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
