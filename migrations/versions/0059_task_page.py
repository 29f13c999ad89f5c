"""count a task that failed twice on a day once; record that a worker was uninstalled

Revision ID: 0059
Revises: 0058
"""

import sqlalchemy as sa
from alembic import op

revision = '0059'
down_revision = '0058'
branch_labels = None
depends_on = None

FITS_BEFORE = "the release before only reads the counts, of which a task now has one per day"

COUNT_ONCE = """
CREATE OR REPLACE FUNCTION record_task_status_change() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        ended_on date;
    BEGIN
        IF NEW.status IN ('completed', 'failed') THEN
            ended_on := (coalesce(NEW.finished_at, now()) AT TIME ZONE 'UTC')::date;
            IF EXISTS (
                SELECT FROM task_events
                WHERE task_id = NEW.id AND type = NEW.status::text::event_type
                  AND (created_at AT TIME ZONE 'UTC')::date = ended_on
            ) THEN
                ended_on := NULL;
            END IF;
        END IF;
        INSERT INTO task_status_changes (project_id, old_status, new_status, day) VALUES (
            coalesce(NEW.project_id, OLD.project_id), OLD.status, NEW.status, ended_on
        );
        RETURN NULL;
    END $$
"""
COUNT_EACH = """
CREATE OR REPLACE FUNCTION record_task_status_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO task_status_changes (project_id, old_status, new_status, day) VALUES (
            coalesce(NEW.project_id, OLD.project_id), OLD.status, NEW.status,
            CASE WHEN NEW.status IN ('completed', 'failed')
                THEN (coalesce(NEW.finished_at, now()) AT TIME ZONE 'UTC')::date END
        );
        RETURN NULL;
    END $$
"""


def upgrade():
    op.add_column('machines', sa.Column('uninstalled_at', sa.DateTime(timezone=True)))
    op.execute(COUNT_ONCE)


def downgrade():
    op.execute(COUNT_EACH)
    op.drop_column('machines', 'uninstalled_at')
