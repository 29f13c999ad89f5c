"""`muster-server install`: a server that systemd runs, and that comes up with the machine."""

import pwd
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import click

from app.embedded import keys, ports, probes
from app.embedded.processes import until
from app.server_cli.installation import account, answers, paths, settings, systemd, units
from app.server_cli.installation.answers import Answers
from app.server_cli.installation.initial_setup import TOLD, FirstSteps
from app.server_cli.installation.paths import Places
from app.server_cli.local.errors import OperateError

# What an earlier install has set, and this one sets anew.
ASKED = (
    *("MUSTER_PORT", "MUSTER_PROXY", "MUSTER_TLS_CERT", "MUSTER_TLS_KEY"),
    *("DATABASE_URL", "REDIS_URL"),
)
READY_SECONDS = 120.0
EXAMPLE = """\
# Answers for `muster-server install --answers FILE`; what is left out has the value shown.
url = "http://127.0.0.1:9000"   # by which people and machines reach it: https://muster.example.org
port = 9000
tls = "none"                    # "proxy": one in front has it; "own": certificate and key; "none"
proxy = "127.0.0.1"             # the proxy's address
certificate = ""                # the file, with its chain
key = ""
database = "embedded"           # or postgresql://user:password@host/database
redis = "embedded"              # or redis://:password@host:6379/0
admin = "admin"                 # its password: MUSTER_ADMIN_PASSWORD, or made and shown once
"""


@click.command("install")
@click.option(
    "--answers",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Ask nothing: answers are in this TOML file.",
)
@click.option("--example", is_flag=True, help="Print a file of answers, to fill in.")
@click.option("--user", is_flag=True, help="For you alone, by your own systemd; takes no root.")
@click.option(
    "--root",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write everything below this directory, and start nothing: for images.",
)
def command(file: Path | None, example: bool, user: bool, root: Path | None) -> None:
    """Install the server on this host: settings in one file, and units of systemd.

    Asks for the address, TLS, PostgreSQL and Redis (its own, or yours), and the first admin. Run it
    again to change an answer: keys and data stay. What it writes is /etc/muster/muster.env,
    /etc/systemd/system/muster*, and the state in /var/lib/muster; `muster-server uninstall` takes
    it away.
    """
    if example:
        click.echo(EXAMPLE, nl=False)
        return
    try:
        given = answers.read(file) if file else answers.asked(_ask)
        where = paths.of(user=user, root=(root or Path("/")).absolute())
        _install(where, given)
    except (OperateError, OSError) as problem:
        raise click.ClickException(str(problem)) from None


def _install(where: Places, given: Answers) -> None:
    owner = None
    if where.root == Path("/") and not where.is_user:
        owner = account.for_server(where.home)
    values = _settings(where, given)
    account.give(owner, where.written(where.home), [*map(where.written, units.directories(where))])
    settings.write(where.written(where.settings), values)
    _say(f"settings   {where.written(where.settings)}")
    units.write(where, values)
    _say(f"units      {where.written(where.units)}/muster*")
    if where.root != Path("/"):
        return
    if not systemd.is_running(where):
        _say_unstarted(where)
        return
    _start(where, given, values, owner)


def _say_unstarted(where: Places) -> None:
    if where.is_user and systemd.has_booted():
        _say(systemd.silence(where, "started", account.ours()))
        return
    _say("no systemd runs here, so that nothing was started. Where one does:")
    _say(f"  {' '.join(where.systemctl)} enable --now {units.TARGET}")


def _outlive_log_in(where: Places) -> None:
    is_new = not systemd.lingers(account.ours())
    if systemd.linger(account.ours()):
        if is_new:
            where.lingering.touch()
        _say("lingers    it stays up when you log out, and comes up with this host")
        return
    _say("!! it ends when you log out: an admin of this host runs")
    _say(f"   `loginctl enable-linger {account.ours()}`")


def _settings(where: Places, given: Answers) -> dict[str, str]:
    """Keys that are there are kept, as is whatever else an operator has put into the file."""
    known = settings.read(where.written(where.settings))
    made = {name: make() for name, make in keys.MAKERS.items()}
    kept = {name: value for name, value in known.items() if name not in ASKED}
    engines = {"MUSTER_VALKEY_PORT": str(ports.free())} if given.redis == answers.EMBEDDED else {}
    return {
        "MUSTER_HOME": str(where.home),
        **made,
        **engines,
        **kept,
        **given.environment(),
    }


def _start(
    where: Places, given: Answers, values: Mapping[str, str], owner: pwd.struct_passwd | None
) -> None:
    systemd.call(where, "daemon-reload")
    systemd.call(where, "enable", units.TARGET)
    if given.has_engines:
        systemd.call(where, "restart", units.ENGINES)
        _say("started    PostgreSQL and Valkey")
    systemd.call(where, "restart", units.MIGRATE)
    _say("migrated   the database")
    server = FirstSteps(given, values, owner, _say)
    server.make_admin()
    if server.tell_address():
        settings.write(where.written(where.settings), {**values, TOLD: given.url})
    names = [name for name, _ in units.PROCESSES.values()]
    systemd.call(where, "restart", *names)
    systemd.call(where, "start", units.TARGET)
    if where.is_user:
        _outlive_log_in(where)
    if not until(lambda: _is_ready(given), READY_SECONDS, pause=0.5):
        _say("!! started, and not ready yet: `muster-server logs` may say why.")
        _say("   `muster-server doctor` says what to do; then it becomes ready by itself.")
        sys.exit(1)
    _say(f"started    Muster: {given.url}/")
    _say("`muster-server status` says how it is.")


def _is_ready(given: Answers) -> bool:
    return probes.get(given.port, "/readyz", tls=given.tls == "own")[0] == 200


def _ask(question: str, default: str) -> str:
    return str(click.prompt(question, default=default or None))


_say: Callable[[str], None] = click.echo
