"""`muster-server install`: install the server as systemd units that start with the host."""

import pwd
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import click

from app.embedded import keys, ports, probes
from app.embedded.processes import wait_until
from app.server_cli.installation import account, answers, paths, settings, systemd, units
from app.server_cli.installation.answers import Answers
from app.server_cli.installation.initial_setup import LAST_PUBLIC_URL, InitialSetup
from app.server_cli.installation.paths import InstallationPaths
from app.server_cli.local.errors import OperateError

# Variables that an earlier install set and that this one replaces.
ANSWER_VARIABLES = (
    *("MUSTER_PORT", "MUSTER_PROXY", "MUSTER_TLS_CERT", "MUSTER_TLS_KEY"),
    *("DATABASE_URL", "REDIS_URL"),
)
READY_TIMEOUT_SECONDS = 120.0
EXAMPLE_ANSWERS = """\
# Answers for `muster-server install --answers FILE`; omitted ones have the value shown.
url = "http://127.0.0.1:9000"   # address for users and machines: https://muster.example.org
port = 9000
tls = "none"                    # "proxy": a proxy in front; "own": certificate and key; or "none"
proxy = "127.0.0.1"             # the proxy's address
certificate = ""                # certificate file, with its chain
key = ""
database = "embedded"           # or postgresql://user:password@host/database
redis = "embedded"              # or redis://:password@host:6379/0
admin = "admin"                 # password: MUSTER_ADMIN_PASSWORD, or generated and shown once
"""


@click.command("install")
@click.option(
    "--answers",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Read the answers from this TOML file instead of asking.",
)
@click.option("--example", is_flag=True, help="Print an answers file to fill in.")
@click.option(
    "--user", is_flag=True, help="Install for yourself only, as systemd user units, without root."
)
@click.option(
    "--root",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write all files below this directory and start nothing, to build an image.",
)
def command(file: Path | None, example: bool, user: bool, root: Path | None) -> None:
    """Install the server on this host: settings in one file, and systemd units.

    Asks for the address, TLS, PostgreSQL and Redis (embedded, or yours), and the first admin. Run
    it again to change an answer: keys and data are kept. It writes /etc/muster/muster.env,
    /etc/systemd/system/muster*, and state in /var/lib/muster; `muster-server uninstall` removes
    them.
    """
    if example:
        click.echo(EXAMPLE_ANSWERS, nl=False)
        return
    try:
        given = answers.read_answers(file) if file else answers.prompt_answers(_prompt)
        where = paths.find_paths(user=user, root=(root or Path("/")).absolute())
        _install(where, given)
    except (OperateError, OSError) as problem:
        raise click.ClickException(str(problem)) from None


def _install(where: InstallationPaths, given: Answers) -> None:
    owner = None
    if where.root == Path("/") and not where.is_user:
        owner = account.ensure_server_account(where.home)
    values = _build_settings(where, given)
    account.create_directories(
        owner, where.rooted(where.home), [*map(where.rooted, units.state_directories(where))]
    )
    settings.write_settings(where.rooted(where.settings), values)
    _print(f"settings   {where.rooted(where.settings)}")
    units.write_units(where, values)
    _print(f"units      {where.rooted(where.units)}/muster*")
    if where.root != Path("/"):
        return
    if not systemd.is_running(where):
        _print_not_started(where)
        return
    _start(where, given, values, owner)


def _print_not_started(where: InstallationPaths) -> None:
    if where.is_user and systemd.has_booted():
        _print(systemd.unresponsive_message(where, "started", account.current_user()))
        return
    _print("systemd isn't running here, so nothing was started. To start it where systemd runs:")
    _print(f"  {' '.join(where.systemctl)} enable --now {units.TARGET}")


def _enable_linger(where: InstallationPaths) -> None:
    is_new = not systemd.has_linger(account.current_user())
    if systemd.enable_linger(account.current_user()):
        if is_new:
            where.linger_marker.touch()
        _print("lingers    stays up after you log out, and starts with this host")
        return
    _print("!! stops when you log out: have an admin of this host run")
    _print(f"   `loginctl enable-linger {account.current_user()}`")


def _build_settings(where: InstallationPaths, given: Answers) -> dict[str, str]:
    """Keep existing keys and everything else that an operator added to the file."""
    known = settings.read_settings(where.rooted(where.settings))
    made = {name: make() for name, make in keys.GENERATORS.items()}
    kept = {name: value for name, value in known.items() if name not in ANSWER_VARIABLES}
    engines = (
        {"MUSTER_VALKEY_PORT": str(ports.find_free_port())}
        if given.redis == answers.EMBEDDED
        else {}
    )
    return {
        "MUSTER_HOME": str(where.home),
        **made,
        **engines,
        **kept,
        **given.environment(),
    }


def _start(
    where: InstallationPaths,
    given: Answers,
    values: Mapping[str, str],
    owner: pwd.struct_passwd | None,
) -> None:
    systemd.call_systemctl(where, "daemon-reload")
    systemd.call_systemctl(where, "enable", units.TARGET)
    if given.has_engines:
        systemd.call_systemctl(where, "restart", units.ENGINES)
        _print("started    PostgreSQL and Valkey")
    systemd.call_systemctl(where, "restart", units.MIGRATE)
    _print("migrated   the database")
    server = InitialSetup(given, values, owner, _print)
    server.create_admin()
    if server.set_public_url():
        settings.write_settings(
            where.rooted(where.settings), {**values, LAST_PUBLIC_URL: given.url}
        )
    names = [name for name, _ in units.PROCESSES.values()]
    systemd.call_systemctl(where, "restart", *names)
    systemd.call_systemctl(where, "start", units.TARGET)
    if where.is_user:
        _enable_linger(where)
    if not wait_until(lambda: _is_ready(given), READY_TIMEOUT_SECONDS, pause=0.5):
        _print("!! started, but not ready yet: see `muster-server logs`.")
        _print("   Follow the advice of `muster-server doctor`; then the server becomes ready.")
        sys.exit(1)
    _print(f"started    Muster: {given.url}/")
    _print("Run `muster-server status` to check it.")


def _is_ready(given: Answers) -> bool:
    return probes.probe(given.port, "/readyz", tls=given.tls == "own")[0] == 200


def _prompt(question: str, default: str) -> str:
    return str(click.prompt(question, default=default or None))


_print: Callable[[str], None] = click.echo
