"""Correct the rows of a backup that are no longer true, or uncertain, after a restore.

The old server may have continued after the backup: it may have started attempts, sent pending
messages and closed open items. So no number is assigned twice, nothing is sent twice, no session
continues, no browser stays trusted, and nothing starts on a machine before the machine has reported
(docs/decisions/0071). The statements must work for every known revision: a restore runs them on the
schema of the backup.
"""

import secrets
from datetime import UTC, datetime
from typing import Any

SEQUENCE_STEP = 10_000
"""Number of IDs of tasks, accounts and so on to skip: the old server may have assigned them."""
NUMBER_STEP = 1_000
"""The same for numbers counted within one row."""
DEVICE_STEP = 1_000_000
"""The minimum by which a restore raises the generation of an account's known browsers; the maximum
is twice that.
"""
_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)

# Each restore has its own range of attempt numbers, even if two restores use the same backup: the
# range starts at the seconds that have passed, and no task has an attempt per second.
_IDENTITY = """
INSERT INTO server_identity (is_only, id, restored_at, machines_expected_until, attempts_from)
VALUES (true, %(id)s, %(now)s, NULL, %(attempts_from)s)
ON CONFLICT (is_only) DO UPDATE
SET restored_at = excluded.restored_at, machines_expected_until = NULL,
    attempts_from = greatest(server_identity.attempts_from + 1, excluded.attempts_from)
"""
_STATEMENTS = (
    # Machines reconnect and report their progress; until then no earlier attempt is handed out.
    """
    UPDATE machines SET connected = false, is_expected = status <> 'decommissioned',
           status = CASE status WHEN 'online' THEN 'offline' ELSE status END
    """,
    # A machine ignores a number that it already has, so the next number must be new to it.
    """
    UPDATE tunnels SET number = number + %(step)s,
           state = CASE WHEN state IN ('starting', 'connected') THEN 'closing' ELSE state END
    """,
    "UPDATE terminals SET wanted_until = least(wanted_until, %(now)s)",
    "DELETE FROM channel_tokens",
    # The old server has most likely sent what is pending here. Admins can send it again.
    """
    UPDATE deliveries SET state = 'dead', leased_until = NULL, done_at = %(now)s,
           error = 'not sent: the server was restored from a backup, and may have sent it before'
    WHERE state IN ('pending', 'sending')
    """,
    "UPDATE outbox SET expanded_at = %(now)s WHERE expanded_at IS NULL",
    # Receivers accept no audit log number twice; a gap shows that entries are missing.
    """
    UPDATE audit_streams SET numbered = numbered + %(step)s, sent = numbered + %(step)s,
           leased_until = NULL
    """,
    "UPDATE audit_stream_entries SET number = NULL WHERE number IS NOT NULL",
    # It is unknown which machines enrolled with these tokens after the backup.
    """
    UPDATE enrollment_tokens SET revoked_at = %(now)s
    WHERE used_at IS NULL AND revoked_at IS NULL
    """,
    # Nor which invitations were accepted or withdrawn. Backups of earlier releases have none, nor
    # shells.
    """
    DO $$ BEGIN
        IF to_regclass('invitations') IS NOT NULL THEN
            UPDATE invitations SET withdrawn_at = now()
            WHERE accepted_at IS NULL AND withdrawn_at IS NULL;
        END IF;
        IF to_regclass('shells') IS NOT NULL THEN
            UPDATE shells SET wanted_until = least(wanted_until, now());
        END IF;
    END $$
    """,
)
# It is also unknown which sessions ended since, and which have a newer refresh token.
_END_LOGINS = "UPDATE logins SET ended_at = %(now)s WHERE ended_at IS NULL"
# Nor is it known which browsers were forgotten since. Each restore takes a different step, so two
# restores of one backup never reach the same number.
_FORGET_DEVICES = "UPDATE developers SET device_generation = device_generation + %(device_step)s"
_INSERT_AUDIT_ENTRY = """
INSERT INTO audit_entries (at, actor_name, action, target_type, target_id, changes)
VALUES (%(now)s, '', 'server.restored', 'server', (SELECT id FROM server_identity),
        jsonb_build_object('after', jsonb_build_object('backupMadeAt', %(made_at)s::text)))
"""


def prepare_restored_rows(cursor: Any, made_at: str, now: datetime, *, keep_logins: bool) -> None:
    """Prepare a backup's rows for a server that starts with them at `now`. The caller commits."""
    about = {
        "now": now,
        "made_at": made_at,
        "id": secrets.token_hex(8),
        "attempts_from": int((now - _EPOCH).total_seconds()),
        "step": NUMBER_STEP,
        "device_step": DEVICE_STEP + secrets.randbelow(DEVICE_STEP),
    }
    for statement in (
        _IDENTITY,
        *_STATEMENTS,
        *([] if keep_logins else [_END_LOGINS]),
        _FORGET_DEVICES,
        _INSERT_AUDIT_ENTRY,
    ):
        cursor.execute(statement, about)
