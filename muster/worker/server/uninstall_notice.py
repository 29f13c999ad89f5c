"""Notifies the server that this machine's worker was uninstalled."""

import logging

from muster.worker.server.credentials import Credentials
from muster.worker.server.rest_client import BadServer, RestClient, ServerRefused, Unreachable
from muster.worker.server.token_renewal import Grant

_TIMEOUT_SECONDS = 10.0

log = logging.getLogger(__name__)


def send_notice(known: Credentials) -> bool:
    """Notify the server, once. Returns whether it knows: it may be away, or an older release.

    The credentials become invalid.
    """
    try:
        rest = RestClient(known.server, known.ca_file, known.insecure, _TIMEOUT_SECONDS)
        _post_notice(rest, known)
    except (BadServer, ServerRefused, Unreachable, OSError) as error:
        log.warning("can't notify the server: %s", error)
        return False
    return True


def _post_notice(rest: RestClient, known: Credentials) -> None:
    """Post the notice, with a new token if ours has expired."""
    path = "/api/workers/uninstalled"
    try:
        rest.post(path, {}, bearer=known.worker_jwt)
    except ServerRefused as error:
        if error.status != 401:
            raise
        asked = {"machineId": known.machine_id, "recoverySecret": known.recovery_secret}
        given = Grant.from_response(rest.post("/api/workers/recover", asked))
        rest.post(path, {}, bearer=given.worker_jwt)
