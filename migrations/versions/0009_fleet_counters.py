"""kept counters of the fleet, for metrics

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None

COUNTER = postgresql.ENUM('attempts_ended', 'task_failures', 'task_events', 'reports_refused', 'lease_margins',
                          name='fleet_counter', create_type=False)


def upgrade() -> None:
    COUNTER.create(op.get_bind())
    op.create_table('fleet_moves',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('counter', COUNTER, nullable=False),
    sa.Column('label', sa.String(), nullable=False),
    sa.Column('times', sa.BigInteger(), nullable=False),
    sa.Column('amount', sa.Float(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_fleet_moves'))
    )
    op.create_table('fleet_counts',
    sa.Column('counter', COUNTER, nullable=False),
    sa.Column('label', sa.String(), nullable=False),
    sa.Column('times', sa.BigInteger(), nullable=False),
    sa.Column('amount', sa.Float(), nullable=False),
    sa.PrimaryKeyConstraint('counter', 'label', name=op.f('pk_fleet_counts'))
    )
    _keep_attempt_ends()
    _keep_task_events()
    _keep_lease_margins()


def _keep_attempt_ends() -> None:
    op.execute("""
    CREATE FUNCTION keep_attempt_end() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO fleet_moves (counter, label, times, amount) VALUES (
                'attempts_ended',
                CASE WHEN NEW.outcome = 'lost' AND NEW.excused THEN 'excused'
                    ELSE NEW.outcome::text END,
                1, 0
            );
            RETURN NULL;
        END $$
    """)
    op.execute("""
    CREATE TRIGGER keep_attempt_end AFTER UPDATE OF outcome ON attempts
    FOR EACH ROW WHEN (NEW.outcome IS NOT NULL AND OLD.outcome IS DISTINCT FROM NEW.outcome)
    EXECUTE FUNCTION keep_attempt_end()
    """)


def _keep_task_events() -> None:
    op.execute("""
    CREATE FUNCTION keep_task_event() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.type = 'failed' THEN
                INSERT INTO fleet_moves (counter, label, times, amount)
                VALUES ('task_failures', left(coalesce(NEW.data ->> 'code', 'other'), 40), 1, 0);
            ELSE
                INSERT INTO fleet_moves (counter, label, times, amount)
                VALUES ('task_events', NEW.type::text, 1, 0);
            END IF;
            RETURN NULL;
        END $$
    """)
    op.execute("""
    CREATE TRIGGER keep_task_event AFTER INSERT ON task_events
    FOR EACH ROW WHEN (NEW.type IN ('failed', 'requeued', 'retried', 'machine_lost', 'machine_back', 'restored'))
    EXECUTE FUNCTION keep_task_event()
    """)


def _keep_lease_margins() -> None:
    op.execute("""
    CREATE FUNCTION keep_lease_margins() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO fleet_moves (counter, label, times, amount)
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
    op.execute("""
    CREATE TRIGGER keep_lease_margins AFTER UPDATE ON machine_heartbeats
    REFERENCING OLD TABLE AS was NEW TABLE AS became
    FOR EACH STATEMENT EXECUTE FUNCTION keep_lease_margins()
    """)


def downgrade() -> None:
    for trigger, table, function in (
        ('keep_lease_margins', 'machine_heartbeats', 'keep_lease_margins'),
        ('keep_task_event', 'task_events', 'keep_task_event'),
        ('keep_attempt_end', 'attempts', 'keep_attempt_end'),
    ):
        op.execute(f'DROP TRIGGER {trigger} ON {table}')
        op.execute(f'DROP FUNCTION {function}()')
    op.drop_table('fleet_counts')
    op.drop_table('fleet_moves')
    COUNTER.drop(op.get_bind())
