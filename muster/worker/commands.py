"""`python -m muster worker`: enroll a machine, run its worker, check the machine, set the server's
address, or reset the machine.
"""

import argparse
import logging
import resource
import sys
from collections.abc import Callable, Sequence

from muster import __version__
from muster.worker import launcher, memory, orphans
from muster.worker.agents.adapters.registry import BadAdapter
from muster.worker.agents.adapters.registry import load_adapters as read_adapters
from muster.worker.agents.health import AgentHealth
from muster.worker.daemon import Daemon
from muster.worker.doctor.checks import run_doctor
from muster.worker.doctor.finding import Machine
from muster.worker.home_lock import HomeInUse, HomeLock
from muster.worker.layout import HomeUnreachable, Layout
from muster.worker.metrics import read_hardware
from muster.worker.options.parser import parse_arguments
from muster.worker.orphans import NotAWorkerHome
from muster.worker.sandbox.detection import detect
from muster.worker.sandbox.uids import NoIdentityLeft, TooFewUids
from muster.worker.server.credentials import Credentials, CredentialStore, NotEnrolled
from muster.worker.server.enrollment import AlreadyEnrolled, Registration, enroll
from muster.worker.server.rest_client import BadServer, RestClient, ServerRefused, Unreachable
from muster.worker.server.uninstall_notice import send_notice
from muster.worker.upgrades.canary import Watchdog

_EXPECTED_ERRORS = (
    AlreadyEnrolled,
    BadAdapter,
    BadServer,
    HomeInUse,
    HomeUnreachable,
    NoIdentityLeft,
    NotEnrolled,
    NotAWorkerHome,
    OSError,
    ServerRefused,
    TooFewUids,
    Unreachable,
)

log = logging.getLogger("muster.worker")


def main(arguments: Sequence[str], name: str = "muster") -> int:
    """Return the exit status: 0 success, 1 failure, 2 usage error. `name` is the command's name."""
    options = parse_arguments(arguments, name)
    options.called = name
    options.words = list(arguments)[1:]  # after the command
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    logging.getLogger("websockets").setLevel(logging.WARNING)
    try:
        return _COMMANDS[options.verb](options)
    except _EXPECTED_ERRORS as complaint:
        log.error("%s", complaint)
        if isinstance(complaint, NotEnrolled):
            log.error("enroll first: %s worker enroll --server URL --token TOKEN", name)
        return 1


def _enroll(options: argparse.Namespace) -> int:
    rest = RestClient(options.server, options.ca_file, options.insecure)
    layout = Layout(options.home)
    layout.make()
    store = CredentialStore(layout.credentials)
    registration = Registration(
        machine_id=store.machine_id(),
        token=_read_token(options.token),
        name=options.name,
        capabilities=AgentHealth().capabilities(),
        hardware=read_hardware(layout.home),
        slots=options.slots,
        version=__version__,
    )
    ca_file = options.ca_file.absolute() if options.ca_file else None
    credentials = enroll(store, rest, registration, ca_file, options.insecure)
    log.info("enrolled as %r; to start it, run: %s worker run", credentials.name, options.called)
    _report_missing_python(layout)
    return 0


def _report_missing_python(layout: Layout) -> None:
    """Log a missing Python as an error without failing, because the machine is enrolled."""
    try:
        why = detect(layout).python_missing
    except OSError as error:
        why = f"can't test its sandboxes: {error}"
    if why:
        log.error("this machine gets no work until this is fixed: %s", why)


def _read_token(given: str) -> str:
    """`-` reads the token from standard input, where no process list shows it."""
    return sys.stdin.readline().strip() if given == "-" else given


def _run(options: argparse.Namespace) -> int:
    return launcher.run(options.home, options.words, lambda leash: _daemon(options, leash))


def _daemon(options: argparse.Namespace, leash: Watchdog | None) -> Daemon:
    memory.limit_malloc_arenas()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # the usual soft limit is for select()
    if options.server:
        _store_server(options.server, options)
    return Daemon(options.home, options.settings, leash)


def _store_server(server: str, options: argparse.Namespace, ca_file: str | None = None) -> None:
    store = CredentialStore(Layout(options.home).credentials)
    known = store.load()
    ca_file = ca_file or known.ca_file
    store.set_server(RestClient(server, ca_file, known.insecure).server, ca_file)


def _set_server(options: argparse.Namespace) -> int:
    ca_file = str(options.ca_file.absolute()) if options.ca_file else None
    CredentialStore(Layout(options.home).credentials).load()  # otherwise there is nothing to lock
    lock = HomeLock(options.home)
    try:
        _store_server(options.server, options, ca_file)
    finally:
        lock.close()
    log.info("the server's address is now %s", options.server)
    return 0


def _doctor(options: argparse.Namespace) -> int:
    adapters = read_adapters(options.agents)
    return run_doctor(Machine(options.home, options.uids, adapters, options.bwrap), options.as_json)


def _reset(options: argparse.Namespace) -> int:
    """Reset the machine like a decommissioned one's daemon, and notify the server. An admin must
    decommission it there.
    """
    layout = Layout(options.home)
    if not orphans.is_worker_home(layout):
        log.info("no worker files in %s", options.home)
        return 0
    layout.make()  # an interrupted one may be incomplete
    known = _load_credentials(layout)
    lock = HomeLock(layout.home)
    try:
        orphans.erase_home(layout)
        lock.erase()
    finally:
        lock.close()
    log.info("deleted the worker's files in %s", options.home)
    if known is not None and send_notice(known):
        log.info("%s now shows %r as uninstalled", known.server, known.name)
    return 0


def _load_credentials(layout: Layout) -> Credentials | None:
    try:
        return CredentialStore(layout.credentials).load()
    except NotEnrolled:
        return None


_COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "enroll": _enroll,
    "run": _run,
    "doctor": _doctor,
    "set-server": _set_server,
    "reset": _reset,
}
