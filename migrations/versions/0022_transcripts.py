"""what agents did, entry by entry

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op

revision = '0022'
down_revision = '0021'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('attempts', sa.Column('transcript_entries', sa.BigInteger(), server_default='0', nullable=False))
    op.create_table('transcript_chunks',
    sa.Column('task_id', sa.BigInteger(), nullable=False),
    sa.Column('attempt', sa.Integer(), nullable=False),
    sa.Column('first', sa.BigInteger(), nullable=False),
    sa.Column('count', sa.Integer(), nullable=False),
    sa.Column('stage_index', sa.Integer(), nullable=False),
    sa.Column('run', sa.Integer(), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('first_ms', sa.BigInteger(), nullable=False),
    sa.Column('last_ms', sa.BigInteger(), nullable=False),
    sa.Column('data', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['task_id', 'attempt'], ['attempts.task_id', 'attempts.number'], name=op.f('fk_transcript_chunks_task_id_attempt'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('task_id', 'attempt', 'first', name=op.f('pk_transcript_chunks'))
    )


def downgrade() -> None:
    op.drop_table('transcript_chunks')
    op.drop_column('attempts', 'transcript_entries')
