"""Checks of the server: whether it is reachable, knows this machine, and has the same time."""

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
    SpeaksHttp,
    Unreachable,
    is_plain_http,
)

MAX_SKEW_SECONDS = 5

_ENROLL_COMMAND = "python -m muster worker enroll --server URL --token TOKEN"


def _check_server(machine: Machine) -> Iterator[Finding]:
    """Request a new token, which invalidates none, and discard it."""
    try:
        known = CredentialStore(Layout(machine.home).credentials).load()
    except NotEnrolled:
        yield Finding("server", "warn", "this machine isn't enrolled", command=_ENROLL_COMMAND)
        return
    except OSError as error:
        text = f"can't read the credentials: {error.strerror}"
        yield Finding("server", "fail", text, "run as the worker's own user")
        return
    before = time.time()
    try:
        answer = _fetch_response(known)
    except (BadServer, ServerRefused, Unreachable) as error:
        yield _error_finding(known, error)
        yield Finding("clock", "ok", "not compared: the server's time is unknown")
        return
    yield _reached_finding(known)
    yield clock_finding(machine, before, answer.date, time.time())


def _fetch_response(known: Credentials) -> Response:
    """Return the server's response. Raises BadServer, ServerRefused, or Unreachable, also after
    TIMEOUT_SECONDS.
    """
    # On a thread, because a name lookup or a slow response may exceed any timeout.
    got: list[Response | BadServer | ServerRefused | Unreachable] = []

    def ask() -> None:
        try:
            rest = RestClient(known.server, known.ca_file, known.insecure, timeout=TIMEOUT_SECONDS)
            got.append(rest.post("/api/workers/refresh-token", {}, bearer=known.worker_jwt))
        except (BadServer, ServerRefused, Unreachable) as error:
            got.append(error)
        except OSError as error:  # its CA file
            got.append(BadServer(f"{known.ca_file}: {error.strerror}"))

    asking = threading.Thread(target=ask, name="doctor-server", daemon=True)
    asking.start()
    asking.join(TIMEOUT_SECONDS + 1)
    answer = (
        got[0] if got else Unreachable(f"{known.server}: no response in {TIMEOUT_SECONDS:.0f} s")
    )
    if isinstance(answer, Exception):
        raise answer
    return answer


def _reached_finding(known: Credentials) -> Finding:
    text = f"{known.server} knows this machine as {known.name}"
    if is_plain_http(known.server):
        advice = "serve TLS (MUSTER_TLS_CERT): others can read tokens and output in transit"
        return Finding("server", "warn", f"{text}, over plain HTTP", advice)
    return Finding("server", "ok", text)


def _error_finding(known: Credentials, error: BadServer | ServerRefused | Unreachable) -> Finding:
    if isinstance(error, ServerRefused) and error.status == 401:
        text = f"{known.server} rejects this machine's token (401)"
        advice = (
            "start the worker, which renews an expired token; if that is rejected too, this "
            "machine is permanently out of service: enroll another home"
        )
        return Finding("server", "warn", text, advice, f"{_ENROLL_COMMAND} --home DIR")
    if isinstance(error, ServerRefused):
        text = f"{known.server} answers {error.status}"
        return Finding("server", "fail", text, "check that this is Muster's address")
    if isinstance(error, BadServer):
        return Finding(
            "server", "fail", str(error), "enroll another home", f"{_ENROLL_COMMAND} --home DIR"
        )
    if isinstance(error, SpeaksHttp):
        return Finding("server", "fail", str(error), "set the address that the error names")
    if "CERTIFICATE" in str(error).upper():
        advice = "fix the server's certificate, its CA file here (--ca-file), or the clock"
    else:
        advice = "check that the server runs, and that this machine can reach it"
    return Finding("server", "fail", str(error), advice)


def clock_finding(machine: Machine, before: float, theirs: float, after: float) -> Finding:
    """Return the difference between this machine's clock and the server's, which was read between
    two readings of ours and has whole seconds.
    """
    skew = max(before - (theirs + 1), theirs - after, 0.0)
    text = f"{skew:.0f} s from the server's"
    if skew <= MAX_SKEW_SECONDS:
        return Finding("clock", "ok", text)
    command = machine.as_root("timedatectl set-ntp true")
    return Finding("clock", "warn", text, "synchronize both clocks with NTP", command)


CHECKS: tuple[tuple[str, Check], ...] = (("server", _check_server),)
