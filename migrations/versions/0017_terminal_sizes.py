"""sizes of terminals, for recordings

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = '0017'
down_revision = '0016'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('terminal_sizes',
    sa.Column('task_id', sa.BigInteger(), nullable=False),
    sa.Column('attempt', sa.Integer(), nullable=False),
    sa.Column('byte_offset', sa.BigInteger(), nullable=False),
    sa.Column('cols', sa.Integer(), nullable=False),
    sa.Column('rows', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['task_id', 'attempt'], ['attempts.task_id', 'attempts.number'], name=op.f('fk_terminal_sizes_task_id_attempt'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('task_id', 'attempt', 'byte_offset', name=op.f('pk_terminal_sizes'))
    )


def downgrade() -> None:
    op.drop_table('terminal_sizes')
