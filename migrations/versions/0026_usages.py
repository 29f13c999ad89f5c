"""what agents have used

Revision ID: 0026
Revises: 0025
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0026'
down_revision = '0025'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TYPE fleet_counter ADD VALUE IF NOT EXISTS 'usage'")
    op.add_column('tasks', sa.Column('usage', postgresql.JSONB(), nullable=True))
    op.create_table('usages',
    sa.Column('task_id', sa.BigInteger(), nullable=False),
    sa.Column('attempt', sa.Integer(), nullable=False),
    sa.Column('stage_index', sa.Integer(), nullable=False),
    sa.Column('run', sa.Integer(), nullable=False),
    sa.Column('agent', sa.String(), nullable=False),
    sa.Column('model', sa.String(), nullable=False),
    sa.Column('input_tokens', sa.BigInteger(), nullable=True),
    sa.Column('cached_tokens', sa.BigInteger(), nullable=True),
    sa.Column('output_tokens', sa.BigInteger(), nullable=True),
    sa.Column('reasoning_tokens', sa.BigInteger(), nullable=True),
    sa.Column('cost', sa.Numeric(precision=20, scale=9), nullable=True),
    sa.Column('is_estimate', sa.Boolean(), nullable=False),
    sa.Column('project_id', sa.BigInteger(), nullable=False),
    sa.Column('developer_id', sa.BigInteger(), nullable=False),
    sa.Column('stage_name', sa.String(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.ForeignKeyConstraint(['task_id', 'attempt'], ['attempts.task_id', 'attempts.number'], name=op.f('fk_usages_task_id_attempt'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('task_id', 'attempt', 'stage_index', 'run', 'agent', 'model', name=op.f('pk_usages'))
    )
    op.create_index('ix_usages_project_day', 'usages', ['project_id', 'day'], unique=False)
    op.create_index('ix_usages_developer_day', 'usages', ['developer_id', 'day'], unique=False)
    op.create_index('ix_usages_day', 'usages', ['day'], unique=False)


def downgrade() -> None:
    # An enum cannot lose a value: what has it goes, and its name stays.
    op.drop_table('usages')
    op.drop_column('tasks', 'usage')
    op.execute("DELETE FROM fleet_moves WHERE counter::text = 'usage'")
    op.execute("DELETE FROM fleet_counts WHERE counter::text = 'usage'")
