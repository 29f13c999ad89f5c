"""Which machine takes a task: each rule alone, their order, each preference, and invariants."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import labels, scheduling
from app.domain.machine import MachineStatus
from app.domain.sandbox import SandboxLevel
from app.domain.scheduling import (
    AgentHealth,
    Candidate,
    PlacementConstraints,
    Reason,
    Request,
    SlotPlan,
)

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)
MAX_LOAD = 85.0
REPO = "https://git.example/shop.git"
WANTED = PlacementConstraints(SandboxLevel.PROCESSES, labels.parse("gpu=true,zone!=eu"))
ASKED = Request("claude", REPO, placement=WANTED)
FIT = Candidate(
    id="m1",
    status=MachineStatus.ONLINE,
    connected=True,
    agents={"claude": AgentHealth()},
    sandbox_level=SandboxLevel.PROCESSES,
    labels={"gpu": "true", "zone": "us"},
    slots_total=2,
    load_percent=20.0,
    cpu_count=4,
    memory_bytes=8 << 30,
)
SICK = AgentHealth(healthy=False)
ABSENT = AgentHealth(healthy=False, reason="binary_missing")


def _reason(machine: Candidate, request: Request = ASKED) -> Reason | None:
    return scheduling.block_reason(request, machine, NOW, MAX_LOAD)


def _choice(*machines: Candidate, request: Request = ASKED) -> str | None:
    chosen = SlotPlan(machines, NOW, MAX_LOAD).assign(request)
    return chosen and chosen.id


def test_a_fit_machine_is_not_blocked():
    assert _reason(FIT) is None


# One row a rule: the smallest change to a fit machine that makes it hold. In the rules' order.
ONE_MISMATCH = {
    Reason.NOT_REQUESTED: {"id": "m2"},
    Reason.DECOMMISSIONED: {"status": MachineStatus.DECOMMISSIONED},
    Reason.DRAINING: {"status": MachineStatus.DRAINING},
    Reason.OFFLINE: {"connected": False},
    Reason.CAPABILITY_MISSING: {"agents": {"codex": AgentHealth()}},
    Reason.CAPABILITY_DEGRADED: {"agents": {"claude": SICK}},
    Reason.SANDBOX_UNAVAILABLE: {"sandbox_level": SandboxLevel.NONE},
    Reason.LABEL_MISMATCH: {"labels": {"gpu": "true", "zone": "eu"}},
    Reason.OVERLOADED: {"load_percent": MAX_LOAD + 0.1},
    Reason.NO_FREE_SLOT: {"slots_used": 2},
}
FOR_M1 = replace(ASKED, machine_id="m1")
ONE_DEMAND = {
    Reason.NOT_REQUESTED: {"machine_id": "another"},
    Reason.QUOTA_EXHAUSTED: {"avoids": frozenset({"m1"})},
}


@pytest.mark.parametrize("reason", ONE_MISMATCH)
def test_each_rule_alone_blocks_and_is_the_reason(reason: Reason):
    assert _reason(replace(FIT, **ONE_MISMATCH[reason]), FOR_M1) is reason


@pytest.mark.parametrize("reason", ONE_DEMAND)
def test_each_demand_alone_blocks_and_is_the_reason(reason: Reason):
    assert _reason(FIT, replace(ASKED, **ONE_DEMAND[reason])) is reason


def test_every_rule_has_its_own_case():
    assert ONE_MISMATCH.keys() | ONE_DEMAND.keys() == set(Reason)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"status": MachineStatus.OFFLINE}, Reason.OFFLINE),
        ({"status": MachineStatus.OFFLINE, "connected": False}, Reason.OFFLINE),
        ({"status": MachineStatus.DRAINED}, Reason.DRAINING),
        ({"status": MachineStatus.DRAINING, "connected": False}, Reason.DRAINING),
        ({"agents": {}}, Reason.CAPABILITY_MISSING),
        ({"agents": {"claude": ABSENT}}, Reason.CAPABILITY_MISSING),
        ({"sandbox_level": None}, Reason.SANDBOX_UNAVAILABLE),
        ({"labels": {}}, Reason.LABEL_MISMATCH),
        ({"labels": {"gpu": "true"}}, None),
        ({"load_percent": 100.0}, Reason.OVERLOADED),
        ({"slots_total": 0}, Reason.NO_FREE_SLOT),
        ({"slots_total": 1, "slots_used": 3}, Reason.NO_FREE_SLOT),
        ({"sandbox_level": SandboxLevel.FULL}, None),
        ({"load_percent": MAX_LOAD}, None),
        ({"slots_used": 1}, None),
        ({"repositories": frozenset({"other"})}, None),
    ],
    ids=lambda value: "+".join(map(str, value.values())) if isinstance(value, dict) else "",
)
def test_a_rule_s_boundaries(change: dict[str, object], reason: Reason | None):
    assert _reason(replace(FIT, **change)) is reason


@pytest.mark.parametrize("reason", Reason)
def test_of_several_reasons_the_earliest_is_told(reason: Reason):
    order = list(Reason)
    machine, request = FIT, ASKED
    for later in reversed(order[order.index(reason) :]):
        if later in ONE_DEMAND:
            request = replace(request, **ONE_DEMAND[later])
        else:
            machine = replace(machine, **ONE_MISMATCH[later])
        assert _reason(machine, request) is later


@pytest.mark.parametrize(
    ("named", "its_labels", "is_taken"),
    [
        ({"m1", "m2"}, FIT.labels, True),
        ({"m2"}, FIT.labels, False),
        (set(), FIT.labels, False),
        ({"m1"}, {}, False),
    ],
)
def test_a_protected_projects_task_is_for_named_machines_with_its_labels(
    named: set[str], its_labels: dict[str, str], is_taken: bool
):
    request = replace(ASKED, placement=replace(WANTED, allowed_machines=frozenset(named)))
    reason = _reason(replace(FIT, labels=its_labels), request)
    assert reason is (None if is_taken else Reason.LABEL_MISMATCH)


def test_a_machine_that_was_asked_for_gets_no_favour_from_the_other_rules():
    assert _reason(replace(FIT, connected=False), FOR_M1) is Reason.OFFLINE
    assert _reason(FIT, FOR_M1) is None


@pytest.mark.parametrize(
    ("health", "usable"),
    [
        (AgentHealth(), True),
        (AgentHealth(healthy=True, degraded_until=NOW + timedelta(hours=1)), True),
        (SICK, False),
        (AgentHealth(False, NOW + timedelta(microseconds=1)), False),
        (AgentHealth(False, NOW), True),
        (AgentHealth(False, NOW - timedelta(seconds=1)), True),
    ],
    ids=["healthy", "healthy-says-so", "no-end", "not-yet", "just-healed", "healed"],
)
def test_a_degradation_with_an_end_heals_by_time(health: AgentHealth, usable: bool):
    assert health.is_usable(NOW) is usable
    blocked = _reason(replace(FIT, agents={"claude": health}))
    assert blocked is (None if usable else Reason.CAPABILITY_DEGRADED)


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({"repositories": frozenset({REPO})}, {"load_percent": 0.0, "slots_total": 9}),
        ({"load_percent": 9.9}, {"load_percent": 10.0, "slots_total": 9, "cpu_count": 64}),
        ({"slots_total": 3}, {"cpu_count": 64, "memory_bytes": 1 << 40}),
        ({"slots_total": 4, "slots_used": 1}, {"slots_total": 8, "slots_used": 6}),
        ({"cpu_count": 8}, {"memory_bytes": 1 << 40}),
        ({"memory_bytes": 16 << 30}, {}),
    ],
    ids=["has-repository", "lower-load", "more-slots", "free-slots-count", "more-cpus", "memory"],
)
def test_each_preference_outweighs_those_after_it(
    better: dict[str, object], worse: dict[str, object]
):
    for good_id, bad_id in (("a", "b"), ("b", "a")):
        good = replace(FIT, id=good_id, **better)
        bad = replace(FIT, id=bad_id, **worse)
        assert _choice(good, bad) == _choice(bad, good) == good_id


def test_a_hair_of_load_does_not_outweigh_free_slots():
    roomy = replace(FIT, id="roomy", load_percent=29.0, slots_total=4)
    assert _choice(replace(FIT, load_percent=20.0), roomy) == "roomy"


def test_of_equals_the_same_one_is_chosen_in_any_order():
    twins = [replace(FIT, id=name) for name in "abc"]
    assert _choice(*twins) == _choice(*reversed(twins))


def test_equals_take_turns():
    twins = {name: replace(FIT, id=name) for name in "abc"}
    taken = []
    for minute in range(6):
        chosen = SlotPlan(twins.values(), NOW, MAX_LOAD).assign(ASKED)
        assert chosen
        at = NOW + timedelta(minutes=minute)
        twins[chosen.id] = replace(chosen, last_assigned_at=at)
        taken.append(chosen.id)
    assert taken == list("abcabc")


def test_the_machine_asked_for_is_chosen_over_a_better_one():
    better = replace(FIT, id="m2", repositories=frozenset({REPO}), load_percent=0.0)
    assert _choice(FIT, better) == "m2"
    assert _choice(FIT, better, request=FOR_M1) == "m1"


def test_the_machine_that_a_task_prefers_is_chosen_over_a_better_one_when_it_is_free():
    better = replace(FIT, id="better", load_percent=0.0)
    preferred = replace(FIT, id="preferred", load_percent=70.0)
    asked = replace(ASKED, prefers="preferred")
    plan = SlotPlan([better, replace(preferred, slots_total=1, slots_used=0)], NOW, MAX_LOAD)
    chosen = [found.id for found in (plan.assign(asked), plan.assign(asked)) if found]
    assert chosen == ["preferred", "better"]
    gone = SlotPlan([better], NOW, MAX_LOAD).assign(asked)
    assert gone is not None
    assert gone.id == "better"


def test_without_a_fit_machine_none_is_chosen():
    assert _choice() is None
    assert _choice(replace(FIT, **ONE_MISMATCH[Reason.DRAINING])) is None


_HEALTH = st.builds(
    AgentHealth,
    st.booleans(),
    st.none() | st.integers(-2, 2).map(lambda minutes: NOW + timedelta(minutes=minutes)),
)
_MACHINES = st.lists(
    st.builds(
        Candidate,
        id=st.sampled_from([f"m{i}" for i in range(8)]),
        status=st.sampled_from(MachineStatus),
        connected=st.booleans(),
        agents=st.dictionaries(st.sampled_from(["claude", "codex"]), _HEALTH),
        sandbox_level=st.none() | st.sampled_from(SandboxLevel),
        labels=st.sampled_from([{}, {"gpu": "true"}]),
        slots_total=st.integers(0, 3),
        slots_used=st.integers(0, 4),
        load_percent=st.floats(0, 100),
        cpu_count=st.integers(0, 64),
        memory_bytes=st.integers(0, 1 << 40),
        repositories=st.frozensets(st.sampled_from([REPO, "other"])),
    ),
    unique_by=lambda machine: machine.id,
)
_REQUESTS = st.builds(
    Request,
    st.sampled_from(["claude", "codex", "cursor"]),
    st.just(REPO),
    st.none() | st.sampled_from(["m1", "gone"]),
    st.builds(
        PlacementConstraints,
        st.none() | st.sampled_from(SandboxLevel),
        st.sampled_from([(), labels.parse("gpu=true")]),
        st.sampled_from([None, frozenset({"m1", "m2"})]),
    ),
)


@given(request=_REQUESTS, machines=_MACHINES)
def test_a_chosen_machine_is_never_blocked_and_none_means_that_all_are(
    request: Request, machines: list[Candidate]
):
    chosen = SlotPlan(machines, NOW, MAX_LOAD).assign(request)
    reasons = {m.id: scheduling.block_reason(request, m, NOW, MAX_LOAD) for m in machines}
    if chosen is None:
        assert None not in reasons.values()
    else:
        assert reasons[chosen.id] is None
        assert chosen.status is MachineStatus.ONLINE
        assert chosen.connected
        assert chosen.free_slots > 0


def _best(request: Request, machines: list[Candidate]) -> tuple[object, ...] | None:
    """How good the best machine is, by looking at all of them."""
    able = [m for m in machines if scheduling.block_reason(request, m, NOW, MAX_LOAD) is None]
    return max((_merit(request, m) for m in able), default=None)


def _merit(request: Request, m: Candidate) -> tuple[object, ...]:
    has = request.repo_url in m.repositories
    return has, -(m.load_percent // 10), m.free_slots, m.cpu_count, m.memory_bytes


@given(machines=_MACHINES, requests=st.lists(_REQUESTS, max_size=12))
def test_each_task_of_a_batch_gets_the_best_of_what_those_before_it_left(
    machines: list[Candidate], requests: list[Request]
):
    plan, left = SlotPlan(machines, NOW, MAX_LOAD), {m.id: m for m in machines}
    for request in requests:
        chosen = plan.assign(request)
        some = [m for m in left.values() if request.machine_id in (None, m.id)]
        assert (chosen and _merit(request, chosen)) == _best(request, some)
        if chosen:
            assert chosen == left[chosen.id]
            left[chosen.id] = replace(chosen, slots_used=chosen.slots_used + 1)


@given(machines=_MACHINES)
def test_dispatching_until_nobody_is_free_fills_no_slot_twice(machines: list[Candidate]):
    free = {m.id: m.free_slots for m in machines}
    plan = SlotPlan(machines, NOW, MAX_LOAD)
    taken: list[str] = []
    while chosen := plan.assign(ASKED):
        taken.append(chosen.id)
    assert all(taken.count(name) <= free[name] for name in free)
    usable = [m for m in machines if scheduling.block_reason(ASKED, m, NOW, MAX_LOAD) is None]
    assert len(taken) == sum(m.free_slots for m in usable)
