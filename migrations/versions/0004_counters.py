"""kept counters of tasks, and what the dashboard reads

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

STATUS = postgresql.ENUM(name='task_status', create_type=False)


def upgrade() -> None:
    _make_counters()
    _keep_counters()
    op.add_column('tasks', sa.Column('queued_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False))
    op.execute('UPDATE tasks SET queued_at = CASE WHEN status = \'queued\' THEN updated_at ELSE created_at END')
    op.create_index('ix_tasks_waiting', 'tasks', ['project_id', 'queued_at'], unique=False, postgresql_where=sa.text("status = 'queued'"))
    op.add_column('task_events', sa.Column('project_id', sa.BigInteger(), nullable=True))
    op.execute('UPDATE task_events SET project_id = tasks.project_id FROM tasks WHERE tasks.id = task_id')
    op.alter_column('task_events', 'project_id', nullable=False)
    op.create_index('ix_task_events_activity', 'task_events', ['project_id', 'created_at', 'task_id', 'number'], unique=False, postgresql_where=sa.text("type <> 'log'"))


def _make_counters() -> None:
    op.create_table('task_moves',
    sa.Column('project_id', sa.BigInteger(), nullable=False),
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('was', STATUS, nullable=True),
    sa.Column('became', STATUS, nullable=True),
    sa.Column('day', sa.Date(), nullable=True),
    sa.PrimaryKeyConstraint('project_id', 'id', name=op.f('pk_task_moves'))
    )
    op.create_table('task_counts',
    sa.Column('project_id', sa.BigInteger(), nullable=False),
    sa.Column('status', STATUS, nullable=False),
    sa.Column('tasks', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['project_id'], ['projects.id'], name=op.f('fk_task_counts_project_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('project_id', 'status', name=op.f('pk_task_counts'))
    )
    op.create_table('task_ends',
    sa.Column('project_id', sa.BigInteger(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('status', STATUS, nullable=False),
    sa.Column('tasks', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['project_id'], ['projects.id'], name=op.f('fk_task_ends_project_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('project_id', 'day', 'status', name=op.f('pk_task_ends'))
    )


def _keep_counters() -> None:
    # The triggers first: making them locks out whoever changes tasks, so that none is missed.
    op.execute("""
    CREATE FUNCTION keep_task_move() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO task_moves (project_id, was, became, day) VALUES (
            coalesce(NEW.project_id, OLD.project_id), OLD.status, NEW.status,
            CASE WHEN NEW.status IN ('completed', 'failed')
                THEN (coalesce(NEW.finished_at, now()) AT TIME ZONE 'UTC')::date END
        );
        RETURN NULL;
    END $$
    """)
    op.execute("""
    CREATE TRIGGER keep_task_move AFTER UPDATE OF status ON tasks
    FOR EACH ROW WHEN (OLD.status <> NEW.status) EXECUTE FUNCTION keep_task_move()
    """)
    op.execute("""
    CREATE TRIGGER keep_task_number AFTER INSERT OR DELETE ON tasks
    FOR EACH ROW EXECUTE FUNCTION keep_task_move()
    """)
    op.execute("""
    INSERT INTO task_counts (project_id, status, tasks)
    SELECT project_id, status, count(*) FROM tasks GROUP BY project_id, status
    """)
    op.execute("""
    INSERT INTO task_ends (project_id, day, status, tasks)
    SELECT project_id, (finished_at AT TIME ZONE 'UTC')::date, status, count(*) FROM tasks
    WHERE status IN ('completed', 'failed') AND finished_at > now() - interval '2 days'
    GROUP BY 1, 2, 3
    """)


def downgrade() -> None:
    op.drop_index('ix_task_events_activity', table_name='task_events')
    op.drop_column('task_events', 'project_id')
    op.drop_index('ix_tasks_waiting', table_name='tasks')
    op.drop_column('tasks', 'queued_at')
    op.execute('DROP TRIGGER keep_task_number ON tasks')
    op.execute('DROP TRIGGER keep_task_move ON tasks')
    op.execute('DROP FUNCTION keep_task_move()')
    op.drop_table('task_ends')
    op.drop_table('task_counts')
    op.drop_table('task_moves')
