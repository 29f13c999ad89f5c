"""reviews: threads, comments, verdicts, files that were seen

Revision ID: 0040
Revises: 0039
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0040'
down_revision = '0039'
branch_labels = None
depends_on = None

VERDICT = postgresql.ENUM('approve', 'request_changes', 'comment', name='review_verdict')
SIDE = postgresql.ENUM('old', 'new', name='side')


def _id() -> sa.Column[int]:
    return sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _of(table: str, column: str, target: str, **more: str) -> sa.ForeignKeyConstraint:
    name = op.f(f'fk_{table}_{column}')
    return sa.ForeignKeyConstraint([column], [f'{target}.id'], name=name, **more)


def upgrade() -> None:
    op.execute("ALTER TYPE event_type ADD VALUE IF NOT EXISTS 'reviewed' BEFORE 'log'")
    op.execute("ALTER TYPE event_type ADD VALUE IF NOT EXISTS 'commented' BEFORE 'log'")
    op.execute("ALTER TYPE news_kind ADD VALUE IF NOT EXISTS 'reviewed'")
    op.execute("ALTER TYPE news_kind ADD VALUE IF NOT EXISTS 'commented'")
    op.create_table('reviews',
    _id(),
    sa.Column('task_id', sa.BigInteger(), nullable=False),
    sa.Column('round', sa.Integer(), nullable=False),
    sa.Column('attempt', sa.Integer(), nullable=False),
    sa.Column('commit', sa.String(length=64), nullable=True),
    sa.Column('author_id', sa.BigInteger(), nullable=False),
    sa.Column('verdict', VERDICT, nullable=False),
    sa.Column('body', sa.String(), nullable=False),
    sa.Column('comments', sa.Integer(), nullable=False),
    sa.Column('stage_index', sa.Integer(), nullable=True),
    _moment('submitted_at'),
    _of('reviews', 'task_id', 'tasks', ondelete='CASCADE'),
    _of('reviews', 'author_id', 'developers'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reviews'))
    )
    op.create_index('ix_reviews_task', 'reviews', ['task_id', 'id'])
    op.create_table('review_threads',
    _id(),
    sa.Column('task_id', sa.BigInteger(), nullable=False),
    sa.Column('round', sa.Integer(), nullable=False),
    sa.Column('attempt', sa.Integer(), nullable=False),
    sa.Column('commit', sa.String(length=64), nullable=True),
    sa.Column('path', sa.String(), nullable=True),
    sa.Column('base_path', sa.String(), nullable=True),
    sa.Column('side', SIDE, nullable=True),
    sa.Column('line', sa.Integer(), nullable=True),
    sa.Column('end_line', sa.Integer(), nullable=True),
    sa.Column('blob', sa.String(length=64), nullable=True),
    sa.Column('code', postgresql.JSONB(), nullable=True),
    sa.Column('created_by', sa.BigInteger(), nullable=False),
    _moment('created_at'),
    _moment('published_at', nullable=True),
    _moment('resolved_at', nullable=True),
    sa.Column('resolved_by', sa.BigInteger(), nullable=True),
    sa.CheckConstraint(
        '(line IS NULL) = (side IS NULL) AND (line IS NULL) = (end_line IS NULL)'
        ' AND (line IS NULL OR (path IS NOT NULL AND blob IS NOT NULL))',
        name=op.f('ck_review_threads_place')),
    _of('review_threads', 'task_id', 'tasks', ondelete='CASCADE'),
    _of('review_threads', 'created_by', 'developers'),
    _of('review_threads', 'resolved_by', 'developers'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_review_threads'))
    )
    op.create_index('ix_review_threads_task', 'review_threads', ['task_id', 'id'])
    op.create_table('review_comments',
    _id(),
    sa.Column('thread_id', sa.BigInteger(), nullable=False),
    sa.Column('task_id', sa.BigInteger(), nullable=False),
    sa.Column('author_id', sa.BigInteger(), nullable=True),
    sa.Column('attempt', sa.Integer(), nullable=True),
    sa.Column('body', sa.String(), nullable=False),
    sa.Column('review_id', sa.BigInteger(), nullable=True),
    _moment('created_at'),
    _moment('published_at', nullable=True),
    sa.CheckConstraint('(author_id IS NULL) <> (attempt IS NULL)',
                       name=op.f('ck_review_comments_author')),
    _of('review_comments', 'thread_id', 'review_threads', ondelete='CASCADE'),
    _of('review_comments', 'task_id', 'tasks', ondelete='CASCADE'),
    _of('review_comments', 'author_id', 'developers'),
    _of('review_comments', 'review_id', 'reviews', ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_review_comments'))
    )
    op.create_index('ix_review_comments_thread', 'review_comments', ['thread_id', 'id'])
    op.create_index('ix_review_comments_review', 'review_comments', ['review_id'])
    op.create_index('ix_review_comments_drafts', 'review_comments', ['task_id', 'author_id'],
                    postgresql_where=sa.text('published_at IS NULL'))
    op.create_table('viewed_files',
    _id(),
    sa.Column('task_id', sa.BigInteger(), nullable=False),
    sa.Column('developer_id', sa.BigInteger(), nullable=False),
    sa.Column('path', sa.String(), nullable=False),
    sa.Column('blob', sa.String(length=64), nullable=False),
    _moment('viewed_at'),
    _of('viewed_files', 'task_id', 'tasks', ondelete='CASCADE'),
    _of('viewed_files', 'developer_id', 'developers', ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_viewed_files'))
    )
    op.create_index('uq_viewed_files', 'viewed_files',
                    ['task_id', 'developer_id', sa.text('md5(path)')], unique=True)


# The enums keep their new values, for Postgres can take none away; but no row has them.
RENUMBERED = """
    UPDATE task_events AS e SET type_number = counted.type_number
    FROM (
        SELECT task_id, number, row_number() OVER (PARTITION BY task_id ORDER BY number) AS type_number
        FROM task_events WHERE type = 'warning'
    ) AS counted
    WHERE e.task_id = counted.task_id AND e.number = counted.number
      AND e.type_number <> counted.type_number
"""


def downgrade() -> None:
    op.execute("DELETE FROM outbox WHERE kind IN ('reviewed', 'commented')")
    op.execute("UPDATE task_events SET type = 'warning' WHERE type IN ('reviewed', 'commented')")
    op.execute(RENUMBERED)
    for name in ('viewed_files', 'review_comments', 'review_threads', 'reviews'):
        op.drop_table(name)
    for kind in (VERDICT, SIDE):
        kind.drop(op.get_bind())
