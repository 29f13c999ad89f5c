"""The command group; it imports a command only when that runs."""

import importlib

import click

from muster import __version__

# `--help` texts are here so that listing the commands imports nothing.
COMMAND_HELP: dict[str, str] = {
    "up": "Run Muster on this host, with local machines, until Ctrl-C.",
    "install": "Install the server as systemd units, with settings and a first admin.",
    "uninstall": "Remove the installed server; --purge also deletes its data.",
    "status": "Show whether the server is running, its version, and what is missing.",
    "doctor": "Check this host, PostgreSQL and Redis, and print advice.",
    "unlock": "Unlock an account after failed sign-ins.",
    "logs": "Show the logs of the server's processes.",
    "upgrade": "Upgrade to the release in a package, without stopping the server.",
    "engines": "Run only PostgreSQL and Valkey, as a systemd unit does.",
    "backup": "Back up the server to one encrypted file.",
    "restore": "Restore a server from a backup; its machines reconnect.",
}


class CommandGroup(click.Group):
    """The commands of `COMMAND_HELP`; each is `command` in the file of its name, with `_` for
    `-`.
    """

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
            with formatter.section("Commands"):
                formatter.write_dl(list(COMMAND_HELP.items()))


@click.group(cls=CommandGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="muster-server", message="%(prog)s %(version)s")
def main() -> None:
    """Operate a Muster server: try it, install it, maintain it, back it up.

    For help on a command: muster-server COMMAND --help.
    """
