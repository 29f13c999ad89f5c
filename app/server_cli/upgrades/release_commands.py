"""Commands that one release runs of another: `<its Python> -P -m
app.server_cli.upgrades.release_commands COMMAND`.

Releases of other versions call this, so commands and output must not change. `check` creates the
server as its processes do, and prints JSON; `migrate` migrates the database to its schema; `units`
writes the units, for the system or, with `--user`, for one user.
"""

import importlib
import json
import os
import sys
from pathlib import Path

from app.embedded.commands import stack_commands
from app.embedded.stack import ROOT
from app.server_cli.backups import schema
from app.server_cli.installation import paths, settings, units
from muster import __version__

ENTRY_MODULES = ("wsgi", "celery_worker")


def main(words: list[str]) -> int:
    os.chdir(ROOT)
    match words:
        case ["check"]:
            sys.path.insert(0, str(ROOT))
            for name in ENTRY_MODULES:
                importlib.import_module(name)
            print(json.dumps({"version": __version__, "schema": schema.newest_revision()}))  # noqa: T201
        case ["migrate"]:
            argv = stack_commands(Path(os.environ["MUSTER_HOME"])).migrate
            os.execv(argv[0], argv)
        case ["units", *options]:
            where = paths.find_paths(user=options == ["--user"])
            units.write_units(where, settings.read_settings(where.settings))
        case _:
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
