"""events numbered by type only where no number is given

Revision ID: 0016
Revises: 0015
"""

from alembic import op

revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute('DROP TRIGGER number_event_by_type ON task_events')
    op.execute("""
        CREATE TRIGGER number_event_by_type BEFORE INSERT ON task_events
        FOR EACH ROW WHEN (NEW.type_number IS NULL) EXECUTE FUNCTION number_event_by_type()
    """)


def downgrade() -> None:
    op.execute('DROP TRIGGER number_event_by_type ON task_events')
    op.execute("""
        CREATE TRIGGER number_event_by_type BEFORE INSERT ON task_events
        FOR EACH ROW EXECUTE FUNCTION number_event_by_type()
    """)
