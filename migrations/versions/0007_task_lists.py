"""indexes of the task list's and the event list's filters

Revision ID: 0007
Revises: 0006
"""

from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None

INDEXES = {
    'ix_task_events_type': ('task_events', ['task_id', 'type', 'number']),
    'ix_tasks_project_status': ('tasks', ['project_id', 'status', 'id']),
    'ix_tasks_machine_status': ('tasks', ['machine_id', 'status', 'id']),
    'ix_tasks_created_by_status': ('tasks', ['created_by', 'status', 'id']),
    'ix_tasks_project_creator': ('tasks', ['project_id', 'created_by', 'status', 'id']),
    'ix_tasks_project_machine': ('tasks', ['project_id', 'machine_id', 'status', 'id']),
}


def upgrade() -> None:
    for name, (table, columns) in INDEXES.items():
        op.create_index(name, table, columns, unique=False)


def downgrade() -> None:
    for name, (table, _) in INDEXES.items():
        op.drop_index(name, table_name=table)
