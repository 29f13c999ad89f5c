"""A machine's desired state, computed from rows. `app.control_channel.reconciler` compares."""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import select

from app.domain import image, interrupt, network, pipeline
from app.domain.attempt import AttemptOutcome, AttemptPhase, attempt_branch
from app.domain.interrupt import InterruptState
from app.domain.machine import IN_DRAIN, MachineStatus
from app.domain.pipeline import Stage, StageKind
from app.domain.quota import OnQuota
from app.domain.task import FailureCode
from app.extensions import db
from app.models import Attempt
from app.services import encryption, locks
from app.services.clock import now as clock_now
from app.services.machines import (
    eligibility,
    message_prompts,
    repositories,
    round_context,
    statements,
    turn_prompts,
)
from app.services.projects import agents
from app.services.tasks import attempts, branches, gates, resumption, returned_attempts
from app.services.tunnels import orders as tunnel_orders
from app.services.tunnels.orders import WantedTunnel
from muster.protocol import codec, frames
from muster.protocol.attempt_key import AttemptKey

NO_SANDBOX = "sandbox_unavailable"  # also the machines' name for it


class DesiredAction(StrEnum):
    RUN = "run"
    PUBLISH = "publish"
    KEEP = "keep"  # keep the workspace, run nothing
    STOP = "stop"
    FORGET = "forget"
    TERMINAL = "terminal"  # connect its terminal channel
    SHELL = "shell"  # connect its shell's
    SUSPEND = "suspend"  # stop the stage in its middle
    ANSWER = "answer"  # pass it on to the asking agent
    MESSAGE = "message"  # likewise, to the working one
    INTERRUPT = "interrupt"  # stop the agent's step


@dataclass(frozen=True)
class DesiredState:
    """The desired state of one attempt, from `row`. `run`: also the number of a push."""

    task_id: int
    attempt: int
    action: DesiredAction
    stage_index: int = 0
    run: int = 0
    reason: str = ""
    keep_checkpoints: bool = False
    dial_requests: int = 0  # how often its terminal, or shell, was requested
    question: int = 0  # the number of the answered question
    number: int = 0  # of the message, or of the interrupt
    row: Any = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class Orders:
    """A machine's complete desired state, as of `version`. Unlisted attempts stay unchanged.

    `generation` is the current connection's; a machine that `is_pinned` keeps its release.
    """

    version: int
    generation: int
    status: MachineStatus
    attempts: list[DesiredState]
    tunnels: list[WantedTunnel] = field(default_factory=list)
    is_pinned: bool = False


def orders_of_machine(
    machine_id: uuid.UUID, now: datetime, named: Collection[AttemptKey] = ()
) -> Orders:
    """Return a machine's current desired state.

    Costs one query, whatever the number of attempts; one more if `named`, the attempts that the
    machine has, includes inactive ones; and one more for a draining machine.
    """
    asked = {"machine": machine_id, "now": now}
    rows = db.session.connection().execute(statements.AT_WORK, asked).all()
    first = rows[0]
    desired = [_desired_state(row) for row in rows if row.task_id is not None]
    desired += [
        DesiredState(row.task_id, row.attempt, action, dial_requests=requests)
        for row in rows
        for action, requests in (
            (DesiredAction.TERMINAL, row.dial_requests),
            (DesiredAction.SHELL, row.shell_requests),
        )
        if requests is not None
    ]
    desired += [
        DesiredState(
            *AttemptKey.from_object(row),
            DesiredAction.ANSWER,
            question=row.question["number"],
            row=row,
        )
        for row in rows
        if row.ended_at is None and "answer" in (row.question or {})
    ]
    running = [each for each in desired if each.action is DesiredAction.RUN]
    desired += [order for each in running for order in _orders_to_agent(each)]
    if first.status in IN_DRAIN:
        listed = {
            AttemptKey.from_object(state)
            for state in desired
            if state.action is not DesiredAction.KEEP
        }
        desired += [
            over
            for over in _ended_attempts(machine_id)
            if AttemptKey.from_object(over) not in listed
        ]
    others = set(named) - {AttemptKey.from_object(state) for state in desired}
    to_forget = sorted(attempts.attempts_not_on(machine_id, others))
    desired += [
        DesiredState(*key, DesiredAction.FORGET, keep_checkpoints=True) for key in to_forget
    ]
    tunnels = tunnel_orders.read_tunnels(first.tunnels, now)
    about = (first.orders_version, first.generation, first.status)
    return Orders(*about, desired, tunnels, first.is_pinned)


def _ended_attempts(machine_id: uuid.UUID) -> list[DesiredState]:
    """Return orders to stop attempts of which nothing runs.

    A machine doesn't know that an attempt kept for a gate won't continue there, and would never
    report that it's drained. Workspaces and checkpoints stay.
    """
    query = select(Attempt.task_id, Attempt.number, Attempt.outcome).where(
        Attempt.machine_id == machine_id,
        Attempt.forgotten_at.is_(None),
        Attempt.outcome != AttemptOutcome.PUBLISHED,  # not ended: null, which isn't unequal either
    )
    rows = db.session.execute(query.order_by(Attempt.task_id))
    return [
        DesiredState(row.task_id, row.number, DesiredAction.STOP, reason=row.outcome)
        for row in rows
    ]


def _orders_to_agent(running: DesiredState) -> list[DesiredState]:
    """Return the orders to the agent of a running stage: to stop, and to read messages."""
    row = running.row
    if not pipeline.is_agent_stage(row.pipeline, running.stage_index):
        return []
    stopped = interrupt.find_interrupt(row.interrupt, running.stage_index, running.run)
    if row.suspends or (stopped and stopped.state in interrupt.STOPS_STAGE):
        return [replace(running, action=DesiredAction.SUSPEND)]
    found = [
        replace(running, action=DesiredAction.MESSAGE, number=each["number"])
        for each in row.messages or ()
    ]
    if stopped and stopped.state is InterruptState.REQUESTED:
        found.append(replace(running, action=DesiredAction.INTERRUPT, number=stopped.number))
    return found


def _desired_state(row: Any) -> DesiredState:
    key = AttemptKey.from_object(row)
    if row.ended_at is not None:
        if row.has_slot:
            return DesiredState(*key, DesiredAction.STOP, reason=row.outcome or "")
        # Until they expire, they can still be retried from.
        kept = attempts.has_checkpoints(row.checkpoints, *key)
        return DesiredState(*key, DesiredAction.KEEP if kept else DesiredAction.FORGET)
    if row.phase is AttemptPhase.PUBLISH:
        return DesiredState(*key, DesiredAction.PUBLISH, run=row.pushes, row=row)
    if row.phase is AttemptPhase.RUN and row.has_slot and not row.is_ending:
        return DesiredState(*key, DesiredAction.RUN, row.attempt_stage, row.run, row=row)
    return DesiredState(*key, DesiredAction.KEEP)


def build_order_or_fail(desired: DesiredState) -> frames.RunStage | frames.Publish | None:
    """Return the order to run a stage, or to publish. None if it can't be created: then the task
    has failed, so that it doesn't block others, or continues elsewhere. Commits only then.
    """
    if not eligibility.is_allowed(desired.row):
        resumption.requeue_disallowed(*AttemptKey.from_object(desired), clock_now())
        return None
    if desired.action is DesiredAction.RUN and (why := eligibility.sandbox_problem(desired.row)):
        _fail_task(desired, NO_SANDBOX, why, is_machines=True)
        return None
    try:
        order = (
            build_run_order(desired)
            if desired.action is DesiredAction.RUN
            else build_publish_order(desired)
        )
        if len(codec.encode(order).encode()) <= codec.MAX_TEXT_CHARS:
            return order
        why = "the stage's order, with its text and environment, exceeds a machine's limit"
        _fail_task(desired, FailureCode.ORDER_TOO_LARGE, why)
        return None
    except encryption.KeyMissing:
        why = "the project's secrets can't be decrypted: their key is missing"
        _fail_task(desired, FailureCode.KEY_MISSING, why)
        return None


def build_publish_order(desired: DesiredState) -> frames.Publish:
    """Return the order to push, with the login in clear text if the attempt starts with it, or to
    first report what it would push, if that's unknown. Raises encryption.KeyMissing.
    """
    key, commit = AttemptKey.from_object(desired), desired.row.pushed_commit
    onto = branches.build_order(desired.row)
    order = frames.Publish(*key, onto=onto, number=desired.run, commit=commit)
    order.announce = commit is None
    if desired.row.started_at is None:
        order.repo, order.author = (
            repositories.build_repo(desired.row),
            repositories.build_author(desired.row),
        )
    return order


def _fail_task(desired: DesiredState, code: str, why: str, *, is_machines: bool = False) -> None:
    """Fail the task; or queue it again if the reason `is_machines` and others can continue."""
    locked = locks.lock_task(desired.task_id)
    is_live = locked.has_live_attempt and locked.attempt.number == desired.attempt
    # Between two stages nothing of it runs.
    if is_live and not (is_machines and returned_attempts.requeue(locked, why)):
        attempts.fail(locked, code, why, gone=True)
    db.session.commit()


def build_run_order(desired: DesiredState) -> frames.RunStage:
    """Return the order to run a stage, with secrets in clear text. Raises encryption.KeyMissing.

    It goes only to the machine.
    """
    row = desired.row
    stages = pipeline.parse(row.pipeline)
    stage = stages[desired.stage_index]
    context = round_context.build_context(row, stages, desired.stage_index, desired.run)
    variables = context.variables | {
        "branch": attempt_branch(desired.task_id, desired.attempt),
        "project": row.project_key,
        "choice": "",
        "input": "",
    }
    if any(each.gate for each in stages):
        variables |= gates.variables(desired.task_id, row.round, row.stage_index)
    attached = _images(row, stage)
    fields = context.fields(_instruction(stage, variables, attached, row))
    fields = turn_prompts.complete(row, stages, desired.stage_index, fields)
    options = agents.stage_options(stage, row.task_options, row.project_options)
    return frames.RunStage(
        task_id=desired.task_id,
        attempt=desired.attempt,
        stage_index=desired.stage_index,
        stage_name=stage.name,
        kind=stage.kind.value,
        variables=variables,
        agent=row.agent_type,
        agent_command=row.agent_command,
        env=row.environment,
        secrets={name: encryption.decrypt(sealed) for name, sealed in row.secrets.items()},
        timeout=stage.timeout,
        repo=repositories.build_repo(row),
        project=row.project_key,
        author=repositories.build_author(row),
        min_sandbox=row.min_sandbox,
        network=network.hosts_of_stage(stage.network, row.network),
        options=msgspec.convert(options, frames.AgentOptions | None),
        run=desired.run,
        on_limit="suspend" if row.on_quota is OnQuota.WAIT else "fail",
        **message_prompts.complete(row, desired.run, fields),
        images=attached if row.fetches_images else [],
    )


def _images(row: Any, stage: Stage) -> list[frames.ImageFile]:
    """Return the images for a stage's agent."""
    if stage.kind is not StageKind.AGENT or not row.images:
        return []
    return [
        frames.ImageFile(
            id=each["id"],
            name=each["name"],
            media_type=each["mediaType"],
            size=each["sizeBytes"],
            digest=each["sha256"],
            width=each["width"],
            height=each["height"],
            earlier=each["followUp"] != row.follow_up,
        )
        for each in image.images_of_round(row.images, row.follow_up)
    ]


def _instruction(
    stage: Stage, variables: Mapping[str, str], attached: list[frames.ImageFile], row: Any
) -> str:
    """Return the stage's text. If the machine can't fetch the images, it says so: it would look as
    if there were none.
    """
    text = pipeline.render_instruction(stage, variables)
    if not attached or row.fetches_images:
        return text
    return f"{text}\n\n{image.missing_text(each.name for each in attached)}"
