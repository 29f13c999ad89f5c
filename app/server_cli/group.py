"""The group of the verbs, which imports none of them until it is called."""

import importlib

import click

from muster import __version__

# What `--help` says of each is here, so that a list of them imports nothing.
COMMAND_HELP: dict[str, str] = {
    "up": "A whole Muster on this host, with machines, until Ctrl-C.",
    "install": "A server that systemd runs: settings, units, the first admin.",
    "uninstall": "Takes away what install has written; data only if asked.",
    "status": "Whether it runs, in which version, and what is missing.",
    "doctor": "What this host, PostgreSQL and Redis lack, with advice.",
    "unlock": "Sign-in to an account that others' guesses have blocked.",
    "logs": "What the server's processes have said.",
    "upgrade": "The release of another package, while the server serves.",
    "engines": "PostgreSQL and Valkey alone, as a unit runs them.",
    "backup": "All that the server knows in one file, under a passphrase.",
    "restore": "A server of a backup, which goes on with its machines.",
}


class CommandGroup(click.Group):
    """The verbs of `COMMAND_HELP`; each is `command` in the file of its name, `-` being `_`
    there."""

    def list_commands(self, _: click.Context) -> list[str]:
        return list(COMMAND_HELP)

    def get_command(self, _: click.Context, name: str) -> click.Command | None:
        if name not in COMMAND_HELP:
            return None
        found = importlib.import_module(f"app.server_cli.{name.replace('-', '_')}").command
        assert isinstance(found, click.Command)
        return found

    def format_commands(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        if COMMAND_HELP:
            with formatter.section("Verbs"):
                formatter.write_dl(list(COMMAND_HELP.items()))


@click.group(cls=CommandGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="muster-server", message="%(prog)s %(version)s")
def main() -> None:
    """Run a server of Muster's: try it, install it, look after it, keep it safe.

    Each verb explains itself: muster-server VERB --help.
    """
