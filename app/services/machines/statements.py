"""The statement that reads everything a machine's orders are built from."""

from sqlalchemy import bindparam, case, func, literal, select
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by
from sqlalchemy.orm import aliased

from app.domain.attempt import AttemptPhase
from app.domain.task import ENDED
from app.domain.task_message import MessageState
from app.models import Attempt, Developer, Machine, Project, Shell, Task, TaskMessage, Terminal
from app.services.tunnels import orders as tunnel_orders

_author = aliased(Developer)

# The messages that are bound to the working agent, in order. Read only if some message waits.
_MESSAGES = (
    select(
        func.jsonb_agg(
            aggregate_order_by(
                func.jsonb_build_object(
                    *(literal("number"), TaskMessage.number),
                    *(literal("text"), TaskMessage.text),
                    *(literal("when"), TaskMessage.timing),
                    *(literal("author"), _author.name),
                ),
                TaskMessage.number,
            ),
            type_=JSONB,
        )
    )
    .join(_author, _author.id == TaskMessage.created_by)
    .where(
        TaskMessage.task_id == Attempt.task_id,
        TaskMessage.state == MessageState.WAITING,
        TaskMessage.attempt == Attempt.number,
        TaskMessage.stage_index == Attempt.stage_index,
        TaskMessage.run == Attempt.run,
        ~TaskMessage.in_prompt,
    )
    .correlate(Attempt)
    .scalar_subquery()
)

# Attempts that are live, may still run, or whose workspace may be deleted; the rest is history. It
# selects everything that orders need, because a second query would be a second round trip. It
# selects columns, because creating the objects would take as long as the rest.
AT_WORK = (
    select(
        Machine.orders_version,
        Machine.generation,
        Machine.status,
        Machine.id.label("machine_id"),
        Machine.sandbox.label("machine_sandbox"),
        Machine.is_pinned,
        Machine.fetches_images,
        Machine.takes_messages,
        Attempt.task_id,
        Attempt.number.label("attempt"),
        Attempt.phase,
        Attempt.stage_index.label("attempt_stage"),
        Attempt.run,
        Attempt.pushes,
        Attempt.has_slot,
        Attempt.suspends,
        Attempt.pending_exit.is_not(None).label("is_ending"),
        Attempt.question,
        Attempt.interrupt,
        Attempt.ended_at,
        Attempt.outcome,
        Attempt.started_at,
        Attempt.resume_from,
        Attempt.resume_commit,
        Attempt.pushed_commit,
        Task.description,
        Task.images,
        Task.messages_waiting,
        case((Task.messages_waiting > 0, _MESSAGES)).label("messages"),
        Task.pipeline,
        Task.checkpoints,
        Task.turns,
        Task.agent_type,
        Task.agent_options.label("task_options"),
        Task.round,
        Task.follow_up,
        Task.branch_name,
        Task.branch_commit,
        Task.stage_index,
        Project.key.label("project_key"),
        Project.repo_url,
        Project.default_branch,
        Project.git_token,
        Project.min_sandbox,
        Project.protected,
        Project.protected_machines,
        Project.network,
        Project.on_quota,
        Project.ssh_key,
        Project.known_hosts,
        Project.agent_command,
        Project.agent_options.label("project_options"),
        Project.environment,
        Project.secrets,
        Developer.git_name,
        Developer.git_email,
        Terminal.dial_requests,
        Shell.dial_requests.label("shell_requests"),
        tunnel_orders.RUNNING,
    )
    .select_from(Machine)
    .outerjoin(
        Attempt,
        (Attempt.machine_id == Machine.id)
        & Attempt.forgotten_at.is_(None)
        & (
            Attempt.forget_at.is_(None)
            # Later attempts of a live task may start from this one's checkpoints.
            | ((Attempt.forget_at < bindparam("now")) & Attempt.task.has(Task.status.in_(ENDED)))
            | Attempt.has_slot
        ),
    )
    .outerjoin(Task, Task.id == Attempt.task_id)
    .outerjoin(Project, Project.id == Task.project_id)
    .outerjoin(Developer, Developer.id == Task.created_by)
    .outerjoin(
        Terminal,
        (Terminal.task_id == Attempt.task_id)
        & (Terminal.attempt == Attempt.number)
        & (Terminal.wanted_until > bindparam("now"))
        & Attempt.ended_at.is_(None)
        & (Attempt.phase == AttemptPhase.RUN),
    )
    .outerjoin(
        Shell,
        (Shell.task_id == Attempt.task_id)
        & (Shell.attempt == Attempt.number)
        & (Shell.wanted_until > bindparam("now"))
        & Attempt.ended_at.is_(None)
        & (Attempt.phase == AttemptPhase.RUN)
        # An older release would open the stage's terminal instead.
        & Machine.opens_shells,
    )
    .where(Machine.id == bindparam("machine"))
    .order_by(Attempt.task_id)
    .execution_options(prepared="orders_at_work", alone=True)
)
