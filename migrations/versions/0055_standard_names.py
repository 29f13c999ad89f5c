"""standard names for tables, columns, types, indexes, triggers and stored values

Revision ID: 0055
Revises: 0054
"""

from collections.abc import Iterable

from alembic import op

revision = '0055'
down_revision = '0054'
branch_labels = None
depends_on = None

FITS_BEFORE = 'no release has the old names, so no server that runs one works on the database'

TABLES = (
    ('stints', 'run_intervals'),
    ('task_moves', 'task_status_changes'),
    ('fleet_moves', 'fleet_increments'),
)
# By the new name of the table.
COLUMNS = (
    ('run_intervals', 'began_at', 'started_at'),
    ('task_status_changes', 'was', 'old_status'),
    ('task_status_changes', 'became', 'new_status'),
    ('tasks', 'seen_at', 'dismissed_at'),
    ('tasks', 'keeps_contents', 'has_contents'),
    ('tasks', 'warned_at', 'warned_grants'),
    ('attempts', 'excused', 'uncounted'),
    ('attempts', 'kept_bytes', 'stored_bytes'),
    ('attempts', 'kept_most', 'max_stored_bytes'),
    ('attempts', 'log_taken_at', 'log_expired_at'),
    ('attempts', 'holds_slot', 'has_slot'),
    ('attempts', 'pending_end', 'pending_exit'),
    ('log_chains', 'kept', 'byte_count'),
    ('log_chains', 'taken_at', 'expired_at'),
    ('machines', 'room', 'sandbox'),
    ('machines', 'is_awaited', 'is_expected'),
    ('machines', 'misbehaved', 'misbehavior'),
    ('machines', 'upgrades_told', 'audited_upgrades'),
    ('server_identity', 'awaits_until', 'machines_expected_until'),
    ('projects', 'room', 'min_sandbox'),
    ('projects', 'quota_elsewhere', 'quota_failover'),
    ('projects', 'budget_told', 'budget_notified_month'),
    ('developers', 'budget_told', 'budget_notified_month'),
    ('logins', 'confirmed_at', 'reauthenticated_at'),
    ('terminal_inputs', 'begun_at', 'started_at'),
    ('terminals', 'asked', 'dial_requests'),
    ('terminals', 'asked_at', 'requested_at'),
    ('tunnels', 'taken_at', 'accepted_at'),
    ('chat_events', 'said', 'payload'),
    ('chat_events', 'tries', 'attempts'),
    ('chat_events', 'answer', 'reply'),
    ('outbox', 'told', 'content'),
    ('deliveries', 'act', 'action'),
    ('bot_health', 'rests_until', 'paused_until'),
    ('contents', 'whole', 'is_complete'),
    ('changes', 'whole', 'is_complete'),
)
CONSTRAINTS = (
    ('run_intervals', 'pk_stints', 'pk_run_intervals'),
    ('run_intervals', 'fk_stints_task_id', 'fk_run_intervals_task_id'),
    ('task_status_changes', 'pk_task_moves', 'pk_task_status_changes'),
    ('fleet_increments', 'pk_fleet_moves', 'pk_fleet_increments'),
    (
        'deliveries',
        'uq_deliveries_outbox_id_bot_id_chat_id_act',
        'uq_deliveries_outbox_id_bot_id_chat_id_action',
    ),
    ('review_threads', 'ck_review_threads_place', 'ck_review_threads_position'),
)
INDEXES = (
    ('ix_stints_task', 'ix_run_intervals_task'),
    ('ix_stints_project', 'ix_run_intervals_project'),
    ('ix_stints_developer', 'ix_run_intervals_developer'),
    ('ix_tasks_unseen', 'ix_tasks_undismissed'),
    ('ix_projects_places', 'ix_projects_selectors'),
    ('ix_task_texts_words', 'ix_task_texts_description'),
)
TYPES = (
    ('since', 'diff_base'),
    ('news_kind', 'notification_type'),
    ('delivery_act', 'delivery_action'),
    ('room_level', 'sandbox_level'),
)
FUNCTIONS = (
    ('keep_task_move', 'record_task_status_change'),
    ('keep_attempt_end', 'record_attempt_exit'),
    ('keep_task_event', 'count_task_event'),
    ('keep_lease_margins', 'record_lease_margins'),
)
TRIGGERS = (
    ('tasks', 'keep_task_move', 'record_task_status_change'),
    ('tasks', 'keep_task_number', 'record_task_created_or_deleted'),
    ('attempts', 'keep_attempt_end', 'record_attempt_exit'),
    ('task_events', 'keep_task_event', 'count_task_event'),
    ('machine_heartbeats', 'keep_lease_margins', 'record_lease_margins'),
)
# Renames do not reach the tables and columns that these texts name.
BODIES = ("""
    CREATE OR REPLACE FUNCTION record_task_status_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO task_status_changes (project_id, old_status, new_status, day) VALUES (
            coalesce(NEW.project_id, OLD.project_id), OLD.status, NEW.status,
            CASE WHEN NEW.status IN ('completed', 'failed')
                THEN (coalesce(NEW.finished_at, now()) AT TIME ZONE 'UTC')::date END
        );
        RETURN NULL;
    END $$
""", """
    CREATE OR REPLACE FUNCTION record_attempt_exit() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO fleet_increments (counter, label, times, amount) VALUES (
                'attempts_ended',
                CASE WHEN NEW.outcome = 'lost' AND NEW.uncounted THEN 'uncounted'
                    ELSE NEW.outcome::text END,
                1, 0
            );
            RETURN NULL;
        END $$
""", """
    CREATE OR REPLACE FUNCTION count_task_event() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.type = 'failed' THEN
                INSERT INTO fleet_increments (counter, label, times, amount)
                VALUES ('task_failures', left(coalesce(NEW.data ->> 'code', 'other'), 40), 1, 0);
            ELSE
                INSERT INTO fleet_increments (counter, label, times, amount)
                VALUES ('task_events', NEW.type::text, 1, 0);
            END IF;
            RETURN NULL;
        END $$
""", """
    CREATE OR REPLACE FUNCTION record_lease_margins() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO fleet_increments (counter, label, times, amount)
            SELECT 'lease_margins', (
                SELECT min(bound) FROM unnest(ARRAY[0.0, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 1.0]) AS bound WHERE bound >= margin
            )::text AS met, count(*), sum(margin)
            FROM (
                SELECT least(1, greatest(0,
                    extract(epoch FROM was.lease_until - became.received_at)
                    / extract(epoch FROM became.lease_until - became.received_at)
                )) AS margin
                FROM was JOIN became USING (machine_id) JOIN machines ON id = machine_id
                WHERE became.lease_until > was.lease_until
                AND became.lease_until > became.received_at AND slots_used > 0
            ) AS prolonged
            GROUP BY met;
            RETURN NULL;
        END $$
""")
# Back from these texts to those of before.
FORMER_WORDS = (
    ('record_task_status_change', 'keep_task_move'),
    ('task_status_changes', 'task_moves'),
    ('old_status', 'was'),
    ('new_status', 'became'),
    ('record_attempt_exit', 'keep_attempt_end'),
    ("NEW.uncounted THEN 'uncounted'", "NEW.excused THEN 'excused'"),
    ('count_task_event', 'keep_task_event'),
    ('record_lease_margins', 'keep_lease_margins'),
    ('fleet_increments', 'fleet_moves'),
)
LABELS = (
    ('attempts_ended', 'excused', 'uncounted'),
    ('reports_refused', 'excessive', 'limit_exceeded'),
    ('task_failures', 'room_unavailable', 'sandbox_unavailable'),
)
# Keys of JSON objects, by the new names of their columns.
KEYS = (
    ('machines', 'sandbox', 'lacks', 'missing'),
    ('machines', 'upgrade', 'why', 'reason'),
    ('chat_events', 'payload', 'wanted', 'intent'),
    ('task_events', 'data', 'excused', 'uncounted'),
)
CODES = (('tasks', 'failure'), ('task_events', 'data'))
SETTINGS = (('diffSeconds', 'diffRetentionSeconds'), ('logMegabytes', 'maxLogMegabytes'))

# From Postgres 18 on these constraints have names, which follow neither table nor column.
NOT_NULL = """
DO $$
DECLARE
    found record;
BEGIN
    FOR found IN
        SELECT conrelid::regclass AS of_table, conname AS old,
               format('%s_%s_not_null', relname, attname) AS new
        FROM pg_constraint
        JOIN pg_class ON pg_class.oid = conrelid
        JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]
        WHERE contype = 'n' AND relnamespace = 'public'::regnamespace AND relname IN ({tables})
    LOOP
        IF found.old <> found.new THEN
            EXECUTE format(
                'ALTER TABLE %s RENAME CONSTRAINT %I TO %I', found.of_table, found.old, found.new
            );
        END IF;
    END LOOP;
END $$
"""


def upgrade() -> None:
    for old, new in TABLES:
        op.rename_table(old, new)
        op.execute(f'ALTER SEQUENCE {old}_id_seq RENAME TO {new}_id_seq')
    for table, old, new in COLUMNS:
        op.alter_column(table, old, new_column_name=new)
    for table, old, new in CONSTRAINTS:
        op.execute(f'ALTER TABLE {table} RENAME CONSTRAINT {old} TO {new}')
    for kind, names in (('INDEX', INDEXES), ('TYPE', TYPES), ('FUNCTION', FUNCTIONS)):
        for old, new in names:
            op.execute(f'ALTER {kind} {old} RENAME TO {new}')
    for table, old, new in TRIGGERS:
        op.execute(f'ALTER TRIGGER {old} ON {table} RENAME TO {new}')
    for body in BODIES:
        op.execute(body)
    _name_not_null({table for table, _, _ in COLUMNS} | {new for _, new in TABLES})
    for counter, old, new in LABELS:
        _rename_label(counter, old, new)
    for table, column, old, new in KEYS:
        _rename_key(table, column, old, new)
    for table, column in CODES:
        _rename_code(table, column, 'room_unavailable', 'sandbox_unavailable')
    _rename_refusal('excessive', 'limit_exceeded')
    for old, new in SETTINGS:
        op.execute(f"UPDATE settings SET key = '{new}' WHERE key = '{old}'")


def downgrade() -> None:
    for old, new in SETTINGS:
        op.execute(f"UPDATE settings SET key = '{old}' WHERE key = '{new}'")
    _rename_refusal('limit_exceeded', 'excessive')
    for table, column in CODES:
        _rename_code(table, column, 'sandbox_unavailable', 'room_unavailable')
    for table, column, old, new in KEYS:
        _rename_key(table, column, new, old)
    for counter, old, new in LABELS:
        _rename_label(counter, new, old)
    for table, old, new in TRIGGERS:
        op.execute(f'ALTER TRIGGER {new} ON {table} RENAME TO {old}')
    for kind, names in (('INDEX', INDEXES), ('TYPE', TYPES), ('FUNCTION', FUNCTIONS)):
        for old, new in names:
            op.execute(f'ALTER {kind} {new} RENAME TO {old}')
    for body in BODIES:
        for new, old in FORMER_WORDS:
            body = body.replace(new, old)
        op.execute(body)
    for table, old, new in CONSTRAINTS:
        op.execute(f'ALTER TABLE {table} RENAME CONSTRAINT {new} TO {old}')
    for table, old, new in COLUMNS:
        op.alter_column(table, new, new_column_name=old)
    former = {new: old for old, new in TABLES}
    for old, new in TABLES:
        op.rename_table(new, old)
        op.execute(f'ALTER SEQUENCE {new}_id_seq RENAME TO {old}_id_seq')
    _name_not_null({former.get(table, table) for table, _, _ in COLUMNS} | set(former.values()))


def _name_not_null(tables: Iterable[str]) -> None:
    op.execute(NOT_NULL.format(tables=', '.join(f"'{name}'" for name in sorted(tables))))


def _rename_label(counter: str, old: str, new: str) -> None:
    for table in ('fleet_counts', 'fleet_increments'):
        op.execute(f"UPDATE {table} SET label = '{new}' WHERE counter = '{counter}' AND label = '{old}'")


def _rename_key(table: str, column: str, old: str, new: str) -> None:
    """Of task events only those of lost machines have any of these."""
    lost = " AND type = 'machine_lost'" if table == 'task_events' else ''
    op.execute(f"""
        UPDATE {table} SET {column} = {column} - '{old}' || jsonb_build_object('{new}', {column} -> '{old}')
        WHERE {column} ? '{old}'{lost}
    """)


def _rename_code(table: str, column: str, old: str, new: str) -> None:
    failed = " AND type = 'failed'" if table == 'task_events' else ''
    op.execute(f"""
        UPDATE {table} SET {column} = {column} || '{{"code": "{new}"}}' WHERE {column} ->> 'code' = '{old}'{failed}
    """)


def _rename_refusal(old: str, new: str) -> None:
    op.execute(f"""
        UPDATE machines SET misbehavior = misbehavior - '{old}' || '["{new}"]' WHERE misbehavior ? '{old}'
    """)
