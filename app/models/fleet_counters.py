"""Counters of all machines (`domain.fleet_counters`), maintained like the task counts
(`models.counters`).

Triggers write a move when an attempt ends, when a task's history reports problems, and when leases
are renewed; `services.counters.fleet.roll_up` adds them up. The counters only grow.
"""

from sqlalchemy import DDL, event
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.fleet_counters import COUNTED_EVENTS, MARGINS, FleetCounter
from app.extensions import Model
from app.models.attempt import Attempt
from app.models.columns import Big, BigId, pg_enum
from app.models.machine import MachineHeartbeat
from app.models.task import Event


class FleetIncrement(Model):
    """A pending increment of a counter's label: of its `times`, and of `amount`, the sum of the
    measured values.
    """

    __tablename__ = "fleet_increments"

    id: Mapped[BigId]
    counter: Mapped[FleetCounter] = mapped_column(pg_enum(FleetCounter))
    label: Mapped[str]
    times: Mapped[Big]
    amount: Mapped[float]


class FleetCount(Model):
    """A counter's value by label, without pending moves."""

    __tablename__ = "fleet_counts"

    counter: Mapped[FleetCounter] = mapped_column(pg_enum(FleetCounter), primary_key=True)
    label: Mapped[str] = mapped_column(primary_key=True)
    times: Mapped[Big]
    amount: Mapped[float]


_COUNTED_EVENTS = ", ".join(f"'{type_}'" for type_ in COUNTED_EVENTS)
_MARGINS = ", ".join(str(bound) for bound in MARGINS)

# A migration has the same statements.
TRIGGERS = {
    Attempt: (
        """
        CREATE FUNCTION record_attempt_exit() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO fleet_increments (counter, label, times, amount) VALUES (
                'attempts_ended',
                CASE WHEN NEW.outcome = 'lost' AND NEW.uncounted THEN 'uncounted'
                    ELSE NEW.outcome::text END,
                1, 0
            );
            RETURN NULL;
        END $$
        """,
        """
        CREATE TRIGGER record_attempt_exit AFTER UPDATE OF outcome ON attempts
        FOR EACH ROW WHEN (NEW.outcome IS NOT NULL AND OLD.outcome IS DISTINCT FROM NEW.outcome)
        EXECUTE FUNCTION record_attempt_exit()
        """,
    ),
    Event: (
        # A machine may report any code, of any length.
        """
        CREATE FUNCTION count_task_event() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.type = 'failed' THEN
                INSERT INTO fleet_increments (counter, label, times, amount)
                VALUES ('task_failures', left(coalesce(NEW.data ->> 'code', 'other'), 40), 1, 0);
            ELSE
                INSERT INTO fleet_increments (counter, label, times, amount)
                VALUES ('task_events', NEW.type::text, 1, 0);
            END IF;
            RETURN NULL;
        END $$
        """,
        f"""
        CREATE TRIGGER count_task_event AFTER INSERT ON task_events
        FOR EACH ROW WHEN (NEW.type IN ('failed', {_COUNTED_EVENTS}))
        EXECUTE FUNCTION count_task_event()
        """,
    ),
    MachineHeartbeat: (
        # One row per bucket, however many machines the statement covers. Idle machines don't count:
        # their leases protect nothing.
        f"""
        CREATE FUNCTION record_lease_margins() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO fleet_increments (counter, label, times, amount)
            SELECT 'lease_margins', (
                SELECT min(bound) FROM unnest(ARRAY[{_MARGINS}]) AS bound WHERE bound >= margin
            )::text AS met, count(*), sum(margin)
            FROM (
                SELECT least(1, greatest(0,
                    extract(epoch FROM was.lease_until - became.received_at)
                    / extract(epoch FROM became.lease_until - became.received_at)
                )) AS margin
                FROM was JOIN became USING (machine_id) JOIN machines ON id = machine_id
                WHERE became.lease_until > was.lease_until
                AND became.lease_until > became.received_at AND slots_used > 0
            ) AS prolonged
            GROUP BY met;
            RETURN NULL;
        END $$
        """,
        """
        CREATE TRIGGER record_lease_margins AFTER UPDATE ON machine_heartbeats
        REFERENCING OLD TABLE AS was NEW TABLE AS became
        FOR EACH STATEMENT EXECUTE FUNCTION record_lease_margins()
        """,
    ),
}
for kind, statements in TRIGGERS.items():
    for statement in statements:
        event.listen(kind.__table__, "after_create", DDL(statement))  # type: ignore[no-untyped-call]
