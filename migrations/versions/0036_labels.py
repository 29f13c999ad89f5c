"""labels of machines, what projects and tasks want of them, and protected projects

Revision ID: 0036
Revises: 0035
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0036'
down_revision = '0035'
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ('labels', 'admin_labels'):
        op.add_column('machines', sa.Column(name, postgresql.JSONB(), server_default='{}', nullable=False))
    op.add_column('projects', sa.Column('machine_selector', sa.String(), nullable=True))
    op.add_column('projects', sa.Column('protected', sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column('projects', sa.Column('protected_machines', postgresql.JSONB(), server_default='[]', nullable=False))
    op.add_column('tasks', sa.Column('machine_selector', sa.String(), nullable=True))
    op.create_index('ix_projects_places', 'projects', ['id'], unique=False, postgresql_where=sa.text('machine_selector IS NOT NULL'))
    op.create_index('ix_projects_protected', 'projects', ['id'], unique=False, postgresql_where=sa.text('protected'))
    op.create_index('ix_tasks_selectors', 'tasks', ['machine_selector'], unique=False, postgresql_where=sa.text("status = 'queued' AND machine_selector IS NOT NULL"))


def downgrade() -> None:
    op.drop_index('ix_tasks_selectors', table_name='tasks')
    op.drop_column('tasks', 'machine_selector')
    op.drop_index('ix_projects_protected', table_name='projects')
    op.drop_index('ix_projects_places', table_name='projects')
    for name in ('protected_machines', 'protected', 'machine_selector'):
        op.drop_column('projects', name)
    for name in ('admin_labels', 'labels'):
        op.drop_column('machines', name)
