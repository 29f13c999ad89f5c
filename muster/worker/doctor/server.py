"""Checks of the server: whether it is reached, knows this machine, and has the same time."""

import threading
import time
from collections.abc import Iterator

from muster.worker.doctor.finding import TIMEOUT_SECONDS, Check, Finding, Machine
from muster.worker.layout import Layout
from muster.worker.server.credentials import Credentials, CredentialStore, NotEnrolled
from muster.worker.server.rest_client import (
    BadServer,
    Response,
    RestClient,
    ServerRefused,
    Unreachable,
    is_plain_http,
)

MAX_SKEW_SECONDS = 5

_ENROLL_COMMAND = "python -m muster worker enroll --server URL --token TOKEN"


def _check_server(machine: Machine) -> Iterator[Finding]:
    """Asks for a new token, which ends none, and throws it away."""
    try:
        known = CredentialStore(Layout(machine.home).credentials).load()
    except NotEnrolled:
        yield Finding("server", "warn", "this machine is not enrolled", command=_ENROLL_COMMAND)
        return
    except OSError as error:
        text = f"the credentials cannot be read: {error.strerror}"
        yield Finding("server", "fail", text, "run as the worker's own user")
        return
    before = time.time()
    try:
        answer = _fetch_response(known)
    except (BadServer, ServerRefused, Unreachable) as error:
        yield _error_finding(known, error)
        yield Finding("clock", "ok", "not compared: the server's is not known")
        return
    yield _reached_finding(known)
    yield clock_finding(machine, before, answer.date, time.time())


def _fetch_response(known: Credentials) -> Response:
    """The server's answer. Raises BadServer, ServerRefused, Unreachable, that after PATIENCE."""
    # On a thread: looking a name up, or an answer that drips, may take longer than any time-out.
    got: list[Response | BadServer | ServerRefused | Unreachable] = []

    def ask() -> None:
        try:
            rest = RestClient(known.server, known.ca_file, known.insecure, timeout=TIMEOUT_SECONDS)
            got.append(rest.post("/api/workers/refresh-token", {}, bearer=known.worker_jwt))
        except (BadServer, ServerRefused, Unreachable) as error:
            got.append(error)
        except OSError as error:  # the file of its CA
            got.append(BadServer(f"{known.ca_file}: {error.strerror}"))

    asking = threading.Thread(target=ask, name="doctor-server", daemon=True)
    asking.start()
    asking.join(TIMEOUT_SECONDS + 1)
    answer = got[0] if got else Unreachable(f"{known.server}: no answer in {TIMEOUT_SECONDS:.0f} s")
    if isinstance(answer, Exception):
        raise answer
    return answer


def _reached_finding(known: Credentials) -> Finding:
    text = f"{known.server} knows this machine as {known.name}"
    if is_plain_http(known.server):
        advice = "serve TLS (MUSTER_TLS_CERT): tokens and output can be read on the way"
        return Finding("server", "warn", f"{text}, over plain HTTP", advice)
    return Finding("server", "ok", text)


def _error_finding(known: Credentials, error: BadServer | ServerRefused | Unreachable) -> Finding:
    if isinstance(error, ServerRefused) and error.status == 401:
        text = f"{known.server} does not take this machine's token (401)"
        advice = (
            "start the worker, which renews a token that is over; where it is refused, too, this "
            "machine is out of service for good: enroll another home"
        )
        return Finding("server", "warn", text, advice, f"{_ENROLL_COMMAND} --home DIR")
    if isinstance(error, ServerRefused):
        text = f"{known.server} answers {error.status}"
        return Finding("server", "fail", text, "see that this is the address of Muster")
    if isinstance(error, BadServer):
        return Finding(
            "server", "fail", str(error), "enroll another home", f"{_ENROLL_COMMAND} --home DIR"
        )
    if "CERTIFICATE" in str(error).upper():
        advice = "mend the server's certificate, its CA's file here (--ca-file), or the clock"
    else:
        advice = "see that the server runs, and that this machine may reach it"
    return Finding("server", "fail", str(error), advice)


def clock_finding(machine: Machine, before: float, theirs: float, after: float) -> Finding:
    """How far this machine's clock is from the server's, which was read between two readings of
    ours, and tells whole seconds."""
    skew = max(before - (theirs + 1), theirs - after, 0.0)
    text = f"{skew:.0f} s from the server's"
    if skew <= MAX_SKEW_SECONDS:
        return Finding("clock", "ok", text)
    command = machine.as_root("timedatectl set-ntp true")
    return Finding("clock", "warn", text, "have NTP set both clocks", command)


CHECKS: tuple[tuple[str, Check], ...] = (("server", _check_server),)
