"""What of a backup's rows is not so any more, or cannot be known, when a server begins with them.

Between the backup and its restoring the old server may have gone on: it gave attempts that are not
in here, sent what is waiting here, and ended what is open here. So: no number is given twice,
nothing is sent twice, no login goes on, no browser is known from before, and nothing begins on a
machine before that was heard of (docs/decisions/0071). Statements, for any revision from 0055 on: a
backup is of its own.
"""

import secrets
from datetime import UTC, datetime
from typing import Any

SEQUENCE_STEP = 10_000
"""How many numbers of tasks, accounts and so on are left out for those that the old one gave."""
NUMBER_STEP = 1_000
"""Likewise numbers that count within one row."""
DEVICE_STEP = 1_000_000
"""The least by which the generation of an account's known browsers grows, and half of the most."""
_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)

# Each restoring has a range of attempts' numbers of its own, also where two are of one backup: it
# begins with the seconds that have passed, and no task has an attempt a second.
_IDENTITY = """
INSERT INTO server_identity (is_only, id, restored_at, machines_expected_until, attempts_from)
VALUES (true, %(id)s, %(now)s, NULL, %(attempts_from)s)
ON CONFLICT (is_only) DO UPDATE
SET restored_at = excluded.restored_at, machines_expected_until = NULL,
    attempts_from = greatest(server_identity.attempts_from + 1, excluded.attempts_from)
"""
_STATEMENTS = (
    # They come with what they have done meanwhile, and until then nothing of before is handed out.
    """
    UPDATE machines SET connected = false, is_expected = status <> 'decommissioned',
           status = CASE status WHEN 'online' THEN 'offline' ELSE status END
    """,
    # A number that a machine has been told changes nothing there: let the next one be new to it.
    """
    UPDATE tunnels SET number = number + %(step)s,
           state = CASE WHEN state IN ('starting', 'connected') THEN 'closing' ELSE state END
    """,
    "UPDATE terminals SET wanted_until = least(wanted_until, %(now)s)",
    "DELETE FROM channel_tokens",
    # What waits here was sent by the old server, most likely: a person may send it once more.
    """
    UPDATE deliveries SET state = 'dead', leased_until = NULL, done_at = %(now)s,
           error = 'not sent: the server was restored from a backup, and may have sent it before'
    WHERE state IN ('pending', 'sending')
    """,
    "UPDATE outbox SET expanded_at = %(now)s WHERE expanded_at IS NULL",
    # Receivers take no number of the audit log twice; a gap shows that something is missing.
    """
    UPDATE audit_streams SET numbered = numbered + %(step)s, sent = numbered + %(step)s,
           leased_until = NULL
    """,
    "UPDATE audit_stream_entries SET number = NULL WHERE number IS NOT NULL",
    # Who enrolled with one of them since is not known here.
    """
    UPDATE enrollment_tokens SET revoked_at = %(now)s
    WHERE used_at IS NULL AND revoked_at IS NULL
    """,
)
# Whose login was ended since, and who has a later refresh token, is not known here either.
_END_LOGINS = "UPDATE logins SET ended_at = %(now)s WHERE ended_at IS NULL"
# Nor which browsers were made unknown since. Each restoring takes a step of its own, so that the
# number of one is none of another's, of the same backup.
_FORGET_DEVICES = "UPDATE developers SET device_generation = device_generation + %(device_step)s"
_HAS_DEVICES = """
SELECT FROM information_schema.columns WHERE table_schema = current_schema()
AND table_name = 'developers' AND column_name = 'device_generation'
"""
_INSERT_AUDIT_ENTRY = """
INSERT INTO audit_entries (at, actor_name, action, target_type, target_id, changes)
VALUES (%(now)s, '', 'server.restored', 'server', (SELECT id FROM server_identity),
        jsonb_build_object('after', jsonb_build_object('backupMadeAt', %(made_at)s::text)))
"""


def prepare_restored_rows(cursor: Any, made_at: str, now: datetime, *, keep_logins: bool) -> None:
    """Make the rows of a backup fit for a server that begins with them at `now`. The caller
    commits.
    """
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
        _INSERT_AUDIT_ENTRY,
    ):
        cursor.execute(statement, about)
    cursor.execute(_HAS_DEVICES)
    if cursor.fetchone() is not None:  # since 0051
        cursor.execute(_FORGET_DEVICES, about)
