"""tunnels into workspaces

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None

STATES = ('idle', 'starting', 'connected', 'closing', 'closed', 'expired', 'failed')


def upgrade() -> None:
    state = postgresql.ENUM(*STATES, name='tunnel_state')
    op.create_table('tunnels',
    sa.Column('task_id', sa.BigInteger(), nullable=False),
    sa.Column('attempt', sa.Integer(), nullable=False),
    sa.Column('machine_id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('state', state, nullable=False),
    sa.Column('runs', sa.Boolean(), nullable=False),
    sa.Column('url', sa.String(), nullable=True),
    sa.Column('error', sa.String(), nullable=True),
    sa.Column('restarts', sa.Integer(), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('taken_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("state <> 'idle'", name=op.f('ck_tunnels_state')),
    sa.ForeignKeyConstraint(['machine_id'], ['machines.id'],
                            name=op.f('fk_tunnels_machine_id')),
    sa.ForeignKeyConstraint(['task_id', 'attempt'], ['attempts.task_id', 'attempts.number'],
                            name=op.f('fk_tunnels_task_id_attempt'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('task_id', 'attempt', name=op.f('pk_tunnels'))
    )
    op.create_index('ix_tunnels_running', 'tunnels', ['machine_id'],
                    postgresql_where=sa.text('runs'))
    op.create_index('ix_tunnels_open', 'tunnels', ['changed_at'],
                    postgresql_where=sa.text("state IN ('starting', 'connected', 'closing')"))


def downgrade() -> None:
    op.drop_table('tunnels')
    op.execute('DROP TYPE tunnel_state')
