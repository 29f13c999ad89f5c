"""The dispatcher's statements.

They are built once: building one costs more than Postgres takes to run it.
"""

from sqlalchemy import (
    Integer,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    cast,
    column,
    exists,
    func,
    literal_column,
    or_,
    select,
    text,
    tuple_,
)
from sqlalchemy.dialects.postgresql import JSONB, array

from app.domain import sandbox
from app.domain.task import TaskStatus
from app.models import Attempt, Developer, Gate, MachineHeartbeat, Project, Task
from app.postgres import advisory_locks, transactions
from app.postgres.advisory_locks import AdvisoryLock
from app.services.dispatch import restored_machines
from app.services.dispatch.candidates import IS_ANSWERED
from app.services.dispatch.candidates import STATEMENT as CANDIDATES

BATCH = 200

WAITING = (
    select(Attempt.machine_id, Attempt.task_id)
    .where(*IS_ANSWERED)
    .order_by(Attempt.machine_id, Attempt.task_id)
)

# The machines, together with the lock, which is acquired once: a snapshot older than the lock can
# only lead to a failing claim of slots. No row if the queue is empty: when many machines return,
# each wakes a pass, and most have nothing to do.
_is_any_waiting = or_(
    exists().where(Task.status == TaskStatus.QUEUED).correlate(None),
    exists().where(*IS_ANSWERED).correlate(None),
)
# The label requirements: `candidates.LabelRequirements`. Later ones wait for the next pass.
LABEL_REQUIREMENTS = literal_column(
    """
    (SELECT jsonb_build_object(
        'selectors', (SELECT jsonb_agg(s.machine_selector) FROM (
            SELECT machine_selector FROM projects WHERE machine_selector IS NOT NULL
            UNION
            SELECT machine_selector FROM tasks
            WHERE status = 'queued' AND machine_selector IS NOT NULL
        ) AS s),
        'protected', (SELECT jsonb_object_agg(id, protected_machines) FROM projects WHERE protected)
    )::text)
""",
    Text,
).label("wishes")
ACQUIRE_LOCK = (
    CANDIDATES.where(_is_any_waiting)
    .add_columns(
        select(advisory_locks.try_acquire(AdvisoryLock.DISPATCH))
        .scalar_subquery()
        .label("has_lock"),
        LABEL_REQUIREMENTS,
    )
    .execution_options(prepared="dispatch_machines")
)
SET_SHORT_LOCK_TIMEOUT = text("SET LOCAL lock_timeout = '5s'")
WAIT_FOR_LOCK = select(advisory_locks.acquire(AdvisoryLock.DISPATCH))
RESET_LOCK_TIMEOUT = text("SET LOCAL lock_timeout TO DEFAULT")

_is_waiting_for_person = exists().where(
    Gate.task_id == Task.id, Gate.round == Task.round, Gate.answered_at.is_(None)
)
_is_waiting_for_time = func.coalesce(
    Task.resume_at > bindparam("now"), False
)  # its agent's account
# Rule 2: no successor before the machine confirmed, or its lease has expired.
_has_live_predecessor = exists().where(
    Attempt.task_id == Task.id,
    Attempt.has_slot,
    MachineHeartbeat.machine_id == Attempt.machine_id,
    MachineHeartbeat.lease_until > bindparam("now"),
)
_is_possibly_running = restored_machines.is_possibly_running(bindparam("now"))
# Which machine can take which agent's tasks, the rank of its sandbox level, and the requirements
# that it meets: [{machine, agent, room, meets}] as one text, because thousands of parameters cost
# more than the query.
_available = (
    func.jsonb_to_recordset(cast(bindparam("able", type_=Text), JSONB))
    .table_valued(
        column("machine", Uuid),
        column("agent", Text),
        column("sandbox_rank", Integer),
        column("meets", JSONB),
        name="able",
    )
    .render_derived(with_types=True)
)
_best = (
    select(_available.c.agent, func.max(_available.c.sandbox_rank).label("sandbox_rank"))
    .group_by(_available.c.agent)
    .cte()
)
_required_level = case(
    *((Project.min_sandbox == level, rank) for level, rank in sandbox.RANKS.items()),
    else_=sandbox.rank(None),
)
# A sandbox level satisfies requirements up to its rank.
_is_assignable_anywhere = or_(
    and_(
        Task.requested_machine_id.is_(None),
        tuple_(Task.agent_type, _required_level).in_(
            select(_best.c.agent, func.generate_series(0, _best.c.sandbox_rank))
        ),
    ),
    tuple_(Task.requested_machine_id, Task.agent_type, _required_level).in_(
        select(
            _available.c.machine,
            _available.c.agent,
            func.generate_series(0, _available.c.sandbox_rank),
        )
    ),
)
# Machines that are equal in everything relevant here are checked once.
_equivalent_machines = (
    select(
        _available.c.agent,
        _available.c.sandbox_rank,
        _available.c.meets,
        func.array_agg(_available.c.machine).label("machines"),
    )
    .group_by(_available.c.agent, _available.c.sandbox_rank, _available.c.meets)
    .cte("alike")
)
_requirements = func.array_remove(
    array(
        [
            Project.machine_selector,
            Task.machine_selector,
            case((Project.protected, literal_column("'#'").concat(cast(Project.id, Text)))),
        ]
    ),
    None,
)
_has_no_requirements = and_(
    Project.machine_selector.is_(None),
    Task.machine_selector.is_(None),
    ~Project.protected,
)
_is_assignable = or_(
    and_(_has_no_requirements, _is_assignable_anywhere),
    and_(
        ~_has_no_requirements,
        exists()
        .where(
            _equivalent_machines.c.agent == Task.agent_type,
            _equivalent_machines.c.sandbox_rank >= _required_level,
            _equivalent_machines.c.meets.has_all(_requirements),
            or_(
                Task.requested_machine_id.is_(None),
                Task.requested_machine_id == any_(_equivalent_machines.c.machines),
            ),
        )
        .correlate(Task, Project),
    ),
)
_has_budget = or_(*(each.budget.is_not(None) for each in (Task, Project, Developer)))
_has_stages_left = Task.stage_index < func.jsonb_array_length(Task.pipeline)  # a push uses nothing
QUEUE = (
    select(
        Task.id,
        Task.agent_type,
        Task.requested_machine_id,
        Task.quota,
        # For a follow-up: the previous attempt's home has its agent's session.
        case((Task.follow_up.is_not(None), Task.machine_id)).label("prefers"),
        Task.machine_selector.label("task_selector"),
        Project.repo_url,
        Project.min_sandbox,
        Project.machine_selector.label("project_selector"),
        Project.protected,
        Project.protected_machines,
        and_(_has_stages_left, _has_budget).label("is_bounded"),
    )
    .join(Project, Project.id == Task.project_id)
    .join(Developer, Developer.id == Task.created_by)
    .where(Task.status == TaskStatus.QUEUED, _is_assignable)
    .where(
        ~_is_waiting_for_person,
        ~_has_live_predecessor,
        ~_is_waiting_for_time,
        ~_is_possibly_running,
    )
    .order_by(Task.priority.desc(), Task.id)
    .limit(BATCH)
    .execution_options(prepared="dispatch_queue")
)

# Only machines with enough free slots take part. Tasks that are still queued and unlocked start an
# attempt, and take a slot each. `places` is [{id, machine}]. It returns [[machine, task]] of the
# assigned ones.
ASSIGN = text(f"""
    WITH place AS (
        SELECT * FROM jsonb_to_recordset(CAST(:places AS jsonb)) AS p(id bigint, machine uuid)
    ), asked AS (
        SELECT machine, count(*) AS slots FROM place GROUP BY machine
    ), locked AS (
        SELECT m.id, m.name FROM machines AS m JOIN asked ON asked.machine = m.id
        WHERE m.status = 'online' AND m.connected AND m.slots_used + asked.slots <= m.slots_total
        ORDER BY m.id FOR NO KEY UPDATE OF m
    ), free AS (
        SELECT t.id, locked.id AS machine, locked.name
        FROM tasks AS t JOIN place ON place.id = t.id JOIN locked ON locked.id = place.machine
        WHERE t.status = 'queued'
        ORDER BY t.id FOR NO KEY UPDATE OF t SKIP LOCKED
    ), claimed AS (
        UPDATE machines AS m
        SET slots_used = m.slots_used + taken.slots, orders_version = m.orders_version + 1,
            last_assigned_at = :now
        FROM (SELECT machine, count(*) AS slots FROM free GROUP BY machine) AS taken
        WHERE m.id = taken.machine
    ), moved AS (
        UPDATE tasks AS t
        SET status = 'assigned', machine_id = free.machine,
            attempt = 1 + greatest(t.attempt, (SELECT max(attempts_from) FROM server_identity)),
            events = t.events + 1, assigned_at = :now, updated_at = :now, resume_at = NULL
        FROM free WHERE t.id = free.id
        RETURNING t.*, free.name AS machine_name,
                  t.stage_index >= jsonb_array_length(t.pipeline) AS is_over,
                  least(t.stage_index, jsonb_array_length(t.pipeline) - 1) AS at_stage,
                  coalesce(
                      CASE WHEN t.partial -> 'stageIndex' = to_jsonb(t.stage_index)
                      THEN t.partial END,
                      t.checkpoints -> CAST(t.stage_index - 1 AS text)
                  ) AS resume_point
    ), begun AS (
        INSERT INTO attempts (task_id, number, round, machine_id, phase, stage_index, resume_from,
                              resume_commit, work, has_slot, uncounted, assigned_at, log_bytes,
                              log_lines, log_gaps)
        SELECT id, attempt, round, machine_id,
               CAST(CASE WHEN is_over THEN 'publish' ELSE 'run' END AS attempt_phase), at_stage,
               resume_point ->> 'ref', resume_point ->> 'commit',
               jsonb_strip_nulls(jsonb_build_object(
                   'commit', resume_point ->> 'commit', 'tree', resume_point ->> 'tree'
               )), true, false, :now, 0, 0, '[]'
        FROM moved
    ), told AS (
        INSERT INTO task_events (task_id, number, type, type_number, attempt, stage_index, message,
                                 data, created_at, project_id)
        SELECT id, events, 'assigned', CASE WHEN attempt = 1 THEN 1 END, attempt, at_stage,
               'assigned to ' || machine_name, jsonb_build_object('machineId', machine_id), :now,
               project_id
        FROM moved
    ), said AS (
        SELECT coalesce(jsonb_agg(jsonb_build_array(machine_id, id)), '[]') AS assigned FROM moved
    )
    {transactions.returning_text("assigned::text")} FROM said
""").execution_options(prepared="dispatch_assign", commits=transactions.RETURNING_TEXT)
