"""samples: how loaded machines were, by the minute and by the hour

Revision ID: 0045
Revises: 0044
"""

import sqlalchemy as sa
from alembic import op

revision = '0045'
down_revision = '0044'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('machine_minutes',
    sa.Column('machine_id', sa.Uuid(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('cpu_percent', sa.REAL(), nullable=True),
    sa.Column('memory_percent', sa.REAL(), nullable=True),
    sa.Column('disk_percent', sa.REAL(), nullable=True),
    sa.Column('slots_used', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['machine_id'], ['machines.id'],
                            name=op.f('fk_machine_minutes_machine_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('machine_id', 'at', name=op.f('pk_machine_minutes'))
    )
    op.create_index(op.f('ix_machine_minutes_at'), 'machine_minutes', ['at'])
    op.create_table('machine_hours',
    sa.Column('machine_id', sa.Uuid(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('cpu_percent', sa.REAL(), nullable=True),
    sa.Column('cpu_highest', sa.REAL(), nullable=True),
    sa.Column('memory_percent', sa.REAL(), nullable=True),
    sa.Column('disk_percent', sa.REAL(), nullable=True),
    sa.Column('slots_used', sa.REAL(), nullable=False),
    sa.ForeignKeyConstraint(['machine_id'], ['machines.id'],
                            name=op.f('fk_machine_hours_machine_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('machine_id', 'at', name=op.f('pk_machine_hours'))
    )
    op.create_index(op.f('ix_machine_hours_at'), 'machine_hours', ['at'])


def downgrade() -> None:
    op.drop_table('machine_hours')
    op.drop_table('machine_minutes')
