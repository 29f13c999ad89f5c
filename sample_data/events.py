"""Every task's history, generated in Postgres: that is faster than sending it there."""

import json
from collections.abc import Callable

from sqlalchemy import Connection, text

from sample_data.event_sequences import EVENT_SEQUENCES
from sample_data.tasks import Plan

_TASKS_AT_ONCE = 25_000
NOTES = (
    "cloned the repository",
    "read the contributing guide",
    "ran the tests: all of them passed",
    "ran the tests: one of them failed",
    "wrote a failing test first",
    "looked for callers of the function",
    "changed four files",
    "formatted what was changed",
    "asked the type checker",
    "committed what there is",
)

_EVENTS = text("""
    INSERT INTO task_events (project_id, task_id, number, type, type_number, attempt, stage_index,
                             message, data, created_at)
    SELECT project_id, task_id, number, type,
           row_number() OVER (PARTITION BY task_id, type ORDER BY number),
           CASE WHEN number = 1 THEN 0 ELSE attempt END,
           CASE WHEN type IN ('created', 'assigned', 'started') THEN NULL ELSE 0 END,
           CASE type WHEN 'log' THEN note
                     WHEN 'created' THEN 'created by ' || creator
                     WHEN 'assigned' THEN 'assigned to ' || machine
                     WHEN 'started' THEN 'started on ' || machine
                     WHEN 'stage_started' THEN 'stage “develop” began'
                     WHEN 'stage_finished' THEN 'stage “develop” ended'
                     WHEN 'checkpoint' THEN 'checkpoint of stage “develop”'
                     WHEN 'published' THEN 'pushed muster/' || task_id ||
                         '-1, and moved muster/' || task_id || ' to it'
                     WHEN 'suspended' THEN 'Run stage “develop”?'
                     WHEN 'cancelled' THEN 'cancelled by ' || creator
                     WHEN 'failed' THEN 'stage “develop” ended with exit code 1'
                     ELSE type::text END,
           CASE type WHEN 'assigned' THEN jsonb_build_object('machineId', machine_id)
                     WHEN 'stage_finished' THEN
                         jsonb_build_object('how', 'exit', 'code', (status = 'failed')::int)
                     WHEN 'checkpoint' THEN checkpoints -> '0'
                     WHEN 'published' THEN
                         jsonb_build_object('branch', 'muster/' || task_id || '-1',
                                            'commit', result -> 'commit',
                                            'taskBranch', result -> 'branch')
                     WHEN 'suspended' THEN
                         '{"kind": "confirm", "reason": "gate", "choices": []}'::jsonb
                     WHEN 'failed' THEN '{"code": "stage_failed"}'::jsonb
                     ELSE '{}'::jsonb END,
           begun + (until - begun) * ((number - 1)::float / greatest(events - 1, 1))
    FROM (
        SELECT t.project_id, t.id AS task_id, n AS number, t.attempt, t.status, t.checkpoints,
               t.result, t.events, t.machine_id, t.created_at AS begun, t.updated_at AS until,
               d.name AS creator, m.name AS machine,
               CASE WHEN n <= cardinality(s.head) THEN s.head[n]
                    WHEN n > t.events - cardinality(s.tail)
                        THEN s.tail[n - t.events + cardinality(s.tail)]
                    ELSE 'log' END::event_type AS type,
               (CAST(:notes AS text[]))[1 + (t.id + n * 7) % :note_count] AS note
        FROM tasks AS t
        JOIN developers AS d ON d.id = t.created_by
        LEFT JOIN machines AS m ON m.id = t.machine_id
        JOIN jsonb_to_recordset(CAST(:stories AS jsonb))
             AS s(status task_status, head text[], tail text[]) ON s.status = t.status
        CROSS JOIN generate_series(1, t.events) AS n
        WHERE t.id BETWEEN :first AND :last
    ) AS told
    ORDER BY task_id, number
""")


def make(
    connection: Connection, plan: Plan, report_progress: Callable[[str, int, int], None]
) -> None:
    stories = [
        {"status": status, "head": head, "tail": tail}
        for status, (head, tail) in EVENT_SEQUENCES.items()
    ]
    fixed = {"stories": json.dumps(stories), "notes": list(NOTES), "note_count": len(NOTES)}
    done, total = 0, sum(plan.events)
    for start in range(0, plan.sizes.tasks, _TASKS_AT_ONCE):
        count = min(_TASKS_AT_ONCE, plan.sizes.tasks - start)
        ids = {"first": plan.id_of(start), "last": plan.id_of(start + count - 1)}
        connection.execute(_EVENTS, fixed | ids)
        done += sum(plan.events[start : start + count])
        report_progress("events", done, total)
