"""What a machine is ordered to do, and what reading that costs."""

import pytest
from flask import Flask

from app.domain.agents import Options
from app.domain.attempt import AttemptOutcome, AttemptPhase
from app.domain.follow_up import FollowUpState
from app.domain.network import NetworkSpec
from app.domain.pipeline import GateKind
from app.domain.sandbox import SandboxLevel
from app.domain.task import TaskStatus
from app.extensions import db
from app.models import Event, Machine
from app.services import encryption
from app.services.clock import now
from app.services.dispatch import dispatcher
from app.services.machines import orders
from app.services.machines.orders import DesiredAction
from muster.protocol import codec, frames
from tests.app.services.fake_machine import latest_order, status
from tests.app.services.statements import counted
from tests.factories import (
    make_attempt,
    make_developer,
    make_follow_up,
    make_gate,
    make_image,
    make_machine,
    make_project,
)
from tests.factories import make_task as a_task

ASSIGNED = TaskStatus.ASSIGNED


def busy_machine(attempts: int) -> Machine:
    machine, project = make_machine(slots_total=attempts), make_project()
    for _ in range(attempts):
        make_attempt(a_task(project=project, status=TaskStatus.RUNNING), machine)
    return machine


@pytest.mark.parametrize("attempts", [1, 30])
def test_the_orders_of_a_machine_cost_one_statement(app: Flask, attempts: int) -> None:
    machine = busy_machine(attempts)
    with counted() as statements:
        found = orders.orders_of_machine(machine.id, now())
    assert len([s for s in statements if "SAVEPOINT" not in s]) == 1, statements
    assert len(found.attempts) == attempts


def test_a_machine_without_attempts_has_no_orders(app: Flask) -> None:
    machine = make_machine(orders_version=3, generation=2)
    found = orders.orders_of_machine(machine.id, now())
    assert (found.version, found.generation, found.attempts) == (3, 2, [])


def test_a_stages_order_is_made_of_what_has_been_read(app: Flask) -> None:
    machine_id = busy_machine(1).id
    db.session.commit()
    db.session.expunge_all()  # nothing but the orders holds a row
    found = orders.orders_of_machine(machine_id, now())
    with counted() as statements:
        orders.build_run_order(found.attempts[0])
    assert statements == []


def test_the_order_names_the_run_of_its_stage(app: Flask) -> None:
    task = a_task()
    make_attempt(task, make_machine(), run=2)
    order = orders.build_run_order(latest_order(task))
    sent = codec.decode_from_server(codec.encode(order))
    assert isinstance(sent, frames.RunStage)
    assert (sent.stage_index, sent.run) == (0, 2)


@pytest.mark.parametrize(
    ("network", "stages", "ordered_hosts"),
    [
        (None, None, None),
        (["p.example"], None, ["p.example"]),
        (["p.example"], "none", []),
        ([], "open", None),
        (None, {"allow": ["s.example"]}, ["s.example"]),
    ],
)
def test_the_order_names_the_sandbox_and_the_hosts_that_count(
    app: Flask,
    network: list[str] | None,
    stages: NetworkSpec | None,
    ordered_hosts: list[str] | None,
) -> None:
    stage = {"name": "do", "command": "x", "kind": "shell", "timeout": 60, "network": stages}
    project = make_project(pipeline=[stage], min_sandbox=SandboxLevel.PROCESSES, network=network)
    task = a_task(project=project)
    make_attempt(task, make_machine())
    order = orders.build_run_order(latest_order(task))
    assert (order.min_sandbox, order.network) == ("processes", ordered_hosts)
    sent = codec.decode_from_server(codec.encode(order))
    assert isinstance(sent, frames.RunStage)
    assert (sent.min_sandbox, sent.network) == ("processes", ordered_hosts)


@pytest.mark.parametrize("phase", [AttemptPhase.RUN, AttemptPhase.PUBLISH])
@pytest.mark.parametrize("is_named", [True, False])
def test_a_project_that_is_protected_meanwhile_hands_nothing_to_other_machines(
    app: Flask, monkeypatch: pytest.MonkeyPatch, is_named: bool, phase: AttemptPhase
) -> None:
    machine, named = make_machine(), make_machine()
    project = make_project(secrets={"KEY": encryption.encrypt("eight888")})
    task = a_task(project=project, status=TaskStatus.RUNNING)
    attempt = make_attempt(task, machine, phase=phase)
    project.protected = True
    project.protected_machines = [str(machine.id if is_named else named.id)]
    db.session.commit()
    desired = latest_order(task)
    if is_named:
        assert orders.build_order_or_fail(desired) is not None
        return
    monkeypatch.setattr(encryption, "decrypt", pytest.fail)  # not even looked at
    assert orders.build_order_or_fail(desired) is None
    assert (status(task), attempt.outcome) == (TaskStatus.QUEUED, AttemptOutcome.HANDED_OVER)
    # Until the machine has confirmed that nothing of it runs there is no successor.
    assert attempt.has_slot
    assert [
        (each.action, each.task_id) for each in orders.orders_of_machine(machine.id, now()).attempts
    ] == [(DesiredAction.STOP, task.id)]


@pytest.mark.parametrize(
    ("has", "demanded", "network"),
    [
        ("full", SandboxLevel.FULL, []),
        ("processes", None, []),  # its worker says so itself, if it cannot
        (None, SandboxLevel.NONE, None),
    ],
)
def test_a_machine_is_ordered_what_it_can_contain(
    app: Flask, has: str | None, demanded: SandboxLevel | None, network: list[str] | None
) -> None:
    task = a_task(project=make_project(min_sandbox=demanded, network=network), status=ASSIGNED)
    make_attempt(task, make_machine(sandbox=has and {"level": has, "missing": []}))
    assert isinstance(orders.build_order_or_fail(latest_order(task)), frames.RunStage)


@pytest.mark.parametrize(
    ("has", "demanded", "stage", "after"),
    [
        ("processes", SandboxLevel.FULL, 0, TaskStatus.QUEUED),
        (None, SandboxLevel.PROCESSES, 0, TaskStatus.QUEUED),
        ("processes", SandboxLevel.FULL, 1, TaskStatus.FAILED),  # it has the only copy of the work
    ],
)
def test_what_a_machine_cannot_contain_any_more_goes_on_elsewhere(
    app: Flask, has: str | None, demanded: SandboxLevel, stage: int, after: TaskStatus
) -> None:
    """It had another room when it was chosen, and no stage has begun."""
    stages = [{"name": "a", "kind": "shell", "command": "true", "timeout": 9}] * 2
    project = make_project(min_sandbox=demanded, pipeline=stages)
    task = a_task(project=project, status=ASSIGNED, pipeline=stages)
    machine = make_machine(sandbox=has and {"level": has, "missing": []})
    make_attempt(task, machine, stage_index=stage)
    assert orders.build_order_or_fail(latest_order(task)) is None
    assert status(task) is after
    [message] = db.session.scalars(db.select(Event.message).where(Event.task_id == task.id))
    assert f"requires sandbox level “{demanded}”, and the machine has “{has or 'none'}”" in message
    assert dispatcher.assign_queued() == 0


@pytest.mark.parametrize(
    ("kind", "task_says", "stage_says", "project_says", "sent"),
    [
        ("agent", None, None, None, None),
        ("agent", None, None, {"model": "m"}, frames.AgentOptions(model="m")),
        (
            "agent",
            {"permissions": "all", "arguments": ["-v"]},
            {"permissions": "run", "allowedTools": ["Bash"]},
            {"permissions": "edit", "arguments": ["-q"], "interface": "terminal"},
            frames.AgentOptions(
                permissions="all", allowed_tools=["Bash"], arguments=["-v"], interface="terminal"
            ),
        ),
        ("shell", {"model": "m"}, None, None, None),
    ],
)
def test_the_order_says_how_the_agent_is_to_run(
    app: Flask,
    kind: str,
    task_says: Options | None,
    stage_says: Options | None,
    project_says: Options | None,
    sent: frames.AgentOptions | None,
) -> None:
    stage = {"name": "do", "command": "x", "kind": kind, "timeout": 60, "agentOptions": stage_says}
    task = a_task(
        project=make_project(pipeline=[stage], agent_options=project_says), agent_options=task_says
    )
    make_attempt(task, make_machine())
    order = codec.decode_from_server(codec.encode(orders.build_run_order(latest_order(task))))
    assert isinstance(order, frames.RunStage)
    assert order.options == sent


def test_what_is_allowed_meanwhile_counts_for_the_next_order(app: Flask) -> None:
    project = make_project(network=[])
    task = a_task(project=project)
    make_attempt(task, make_machine())
    assert orders.build_run_order(latest_order(task)).network == []
    project.network = ["a.example"]
    db.session.commit()
    assert orders.build_run_order(latest_order(task)).network == ["a.example"]


def test_the_order_carries_all_that_the_stage_needs(app: Flask) -> None:
    developer = make_developer()
    project = make_project(
        pipeline=[
            {
                "name": "ship",
                "command": "{description} on {branch}: {choice}",
                "kind": "agent",
                "timeout": 60,
                "choices": ["red", "green"],
            }
        ],
        environment={"MODE": "test"},
        secrets={"TOKEN": encryption.encrypt("s3cret")},
        git_token=encryption.encrypt("git-token"),
        ssh_key=encryption.encrypt("ssh-key"),
        known_hosts="a host",
    )
    text = "Quotes ' \" and $(touch /tmp/x)\n{input} {braces}"
    task = a_task(project=project, creator=developer, description=text)
    at = {"resume_from": "refs/muster/1/1/0", "resume_commit": "c0ffee"}
    make_attempt(task, make_machine(), **at)
    gate = {"kind": GateKind.CHOOSE, "choices": ["red"], "result": "red"}
    make_gate(task, answered_at=now(), answered_by=developer.id, **gate)
    order = orders.build_run_order(latest_order(task))
    assert order.text == f"{text} on muster/{task.id}-1: red"
    assert (order.env, order.secrets) == ({"MODE": "test"}, {"TOKEN": "s3cret"})
    assert order.repo.token == "git-token"
    assert (order.repo.resume_from, order.repo.resume_commit) == ("refs/muster/1/1/0", "c0ffee")
    assert (order.repo.ssh_key, order.repo.known_hosts) == ("ssh-key", "a host")
    assert order.author.email == developer.git_email
    assert codec.decode_from_server(codec.encode(order)) == order


def test_a_shell_stage_is_given_as_it_was_written(app: Flask) -> None:
    script = "echo {description} $MUSTER_DESCRIPTION"
    stage = {"name": "check", "command": script, "kind": "shell", "timeout": 60}
    task = a_task(pipeline=[stage], description="; rm -rf /")
    make_attempt(task, make_machine())
    order = orders.build_run_order(latest_order(task))
    assert (order.text, order.variables["description"]) == (script, "; rm -rf /")
    db.session.rollback()


def test_the_order_names_the_images_of_the_task_for_its_agents(app: Flask) -> None:
    task = a_task(description="Align it.")
    made = make_image(task)
    make_attempt(task, make_machine(fetches_images=True))
    order = orders.build_run_order(latest_order(task))
    assert order.text == "Align it."
    assert [(each.id, each.name, each.digest, each.earlier) for each in order.images] == [
        (made.id, "shot.png", made.sha256, False)
    ]
    assert codec.decode_from_server(codec.encode(order)) == order


def test_a_machine_that_cannot_fetch_images_has_its_agent_say_so(app: Flask) -> None:
    task = a_task(description="Align it.")
    make_image(task)
    make_attempt(task, make_machine(fetches_images=False))
    order = orders.build_run_order(latest_order(task))
    assert order.images == []
    assert order.text.startswith("Align it.\n\nThe task has images that this machine's release")
    assert "“shot.png”" in order.text


def test_a_shell_stage_gets_no_images(app: Flask) -> None:
    stage = {"name": "check", "command": "true", "kind": "shell", "timeout": 60}
    task = a_task(pipeline=[stage])
    make_image(task)
    make_attempt(task, make_machine())
    order = orders.build_run_order(latest_order(task))
    assert (order.text, order.images) == ("true", [])


def test_in_a_follow_up_its_own_images_come_first(app: Flask) -> None:
    task = a_task(follow_up=1, round=2)
    make_follow_up(task, number=1, round=2, state=FollowUpState.STARTED)
    for number in (None, 1, 2):
        make_image(task, number, name=f"{number}.png")
    make_attempt(task, make_machine(fetches_images=True))
    order = orders.build_run_order(latest_order(task))
    assert [(each.name, each.earlier) for each in order.images] == [
        ("1.png", False),
        ("None.png", True),
    ]
