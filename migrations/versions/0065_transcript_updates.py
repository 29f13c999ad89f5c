"""changes of transcript entries, and what agents do now

Revision ID: 0065
Revises: 0064
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0065'
down_revision = '0064'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        'attempts',
        sa.Column('transcript_updates', sa.BigInteger(), server_default='0', nullable=False),
    )
    op.add_column(
        'attempts',
        sa.Column(
            'running_entries',
            postgresql.JSONB(none_as_null=True),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
    )
    op.add_column('attempts', sa.Column('active_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        'transcript_chunks',
        sa.Column('last_update', sa.BigInteger(), server_default='0', nullable=False),
    )
    op.add_column(
        'transcript_chunks',
        sa.Column(
            'updates',
            postgresql.JSONB(none_as_null=True),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
    )
    # Empty at first: no old chunk has changes.
    op.create_index(
        'ix_transcript_chunks_updates',
        'transcript_chunks',
        ['task_id', 'attempt', 'last_update'],
        postgresql_where=sa.text('last_update > 0'),
    )


def downgrade() -> None:
    op.drop_index('ix_transcript_chunks_updates', table_name='transcript_chunks')
    op.drop_column('transcript_chunks', 'updates')
    op.drop_column('transcript_chunks', 'last_update')
    op.drop_column('attempts', 'active_at')
    op.drop_column('attempts', 'running_entries')
    op.drop_column('attempts', 'transcript_updates')
