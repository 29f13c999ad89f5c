"""events numbered by type

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('task_events', sa.Column('type_number', sa.Integer(), nullable=True))
    op.execute("""
    UPDATE task_events AS e SET type_number = counted.type_number
    FROM (
        SELECT task_id, number,
               row_number() OVER (PARTITION BY task_id, type ORDER BY number) AS type_number
        FROM task_events
    ) AS counted
    WHERE e.task_id = counted.task_id AND e.number = counted.number
    """)
    op.alter_column('task_events', 'type_number', nullable=False)
    op.drop_index('ix_task_events_type', table_name='task_events')
    op.create_index('ix_task_events_type', 'task_events', ['task_id', 'type', 'number'], unique=False, postgresql_include=['type_number'])
    op.execute("""
        CREATE FUNCTION number_event_by_type() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            NEW.type_number := 1 + coalesce((
                SELECT type_number FROM task_events
                WHERE task_id = NEW.task_id AND type = NEW.type AND number < NEW.number
                ORDER BY number DESC LIMIT 1
            ), 0);
            RETURN NEW;
        END $$
    """)
    op.execute("""
        CREATE TRIGGER number_event_by_type BEFORE INSERT ON task_events
        FOR EACH ROW EXECUTE FUNCTION number_event_by_type()
    """)


def downgrade() -> None:
    op.execute('DROP TRIGGER number_event_by_type ON task_events')
    op.execute('DROP FUNCTION number_event_by_type()')
    op.drop_index('ix_task_events_type', table_name='task_events')
    op.create_index('ix_task_events_type', 'task_events', ['task_id', 'type', 'number'], unique=False)
    op.drop_column('task_events', 'type_number')
