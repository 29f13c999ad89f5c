"""rooms of machines and projects, networks of projects, refused hosts, who opened a tunnel

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0020'
down_revision = '0019'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE TYPE room_level AS ENUM ('none', 'processes', 'full')")
    level = postgresql.ENUM(name='room_level', create_type=False)
    op.add_column('projects', sa.Column('room', level, nullable=True))
    op.add_column('projects', sa.Column('network', postgresql.JSONB(), nullable=True))
    op.add_column('machines', sa.Column('room', postgresql.JSONB(), nullable=True))
    op.add_column('tunnels', sa.Column('opened_by', sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f('fk_tunnels_opened_by'), 'tunnels', 'developers', ['opened_by'], ['id'])
    op.execute("ALTER TYPE event_type ADD VALUE IF NOT EXISTS 'egress_refused' BEFORE 'log'")
    op.execute("ALTER TYPE news_kind ADD VALUE IF NOT EXISTS 'egress_refused'")


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
    op.execute("DELETE FROM outbox WHERE kind = 'egress_refused'")
    op.execute("UPDATE task_events SET type = 'warning' WHERE type = 'egress_refused'")
    op.execute(RENUMBERED)
    op.drop_constraint(op.f('fk_tunnels_opened_by'), 'tunnels', type_='foreignkey')
    op.drop_column('tunnels', 'opened_by')
    op.drop_column('machines', 'room')
    op.drop_column('projects', 'network')
    op.drop_column('projects', 'room')
    op.execute('DROP TYPE room_level')
