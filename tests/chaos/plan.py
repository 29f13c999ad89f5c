"""What tasks a run has, and what people do with them; fixed by the seed."""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

CHOICES = ["red", "green", "blue"]
TIMEOUT = 3  # seconds, of a stage that is to take longer; of others it is out of reach
LONG = 300


@dataclass(frozen=True)
class Kind:
    """A project's pipeline; `gates` are those of its stages. Those of an `is_agents` are an agent's
    that hits limits and asks (`agent`), or `is_steered` (`listening_agent`)."""

    key: str
    gates: tuple[str, ...]
    timeout: int = LONG
    is_agents: bool = False
    is_steered: bool = False

    @property
    def asks(self) -> bool:
        """Whether people are asked something."""
        return self.is_agents or any(self.gates)

    def pipeline(self, command: str) -> list[dict[str, Any]]:
        return [
            {
                "name": f"s{index}",
                "kind": "agent" if self.is_agents else "shell",
                "command": "do it" if self.is_agents else command,
                "timeout": self.timeout,
                **_GATES[gate],
            }
            for index, gate in enumerate(self.gates)
        ]


_GATES: dict[str, dict[str, Any]] = {
    "": {},
    "confirm": {"confirm": True},
    "choose": {"choices": CHOICES},
    "input": {"input": True},
}
ONE = Kind("ONE", ("",))
THREE = Kind("THREE", ("", "", ""))
GATED = Kind("GATED", ("confirm", "choose", "input"))
LATE = Kind("LATE", ("", "choose"))
SLOW = Kind("SLOW", ("", ""), TIMEOUT)
SPENT = Kind("SPENT", ("", ""), is_agents=True)
STEERED = Kind("STEERED", ("", ""), is_agents=True, is_steered=True)
REVIEWED = Kind("REVIEWED", ("", "confirm"))
KINDS = {kind.key: kind for kind in (ONE, THREE, GATED, LATE, SLOW, SPENT, STEERED, REVIEWED)}
_WEIGHTS = {ONE: 8, THREE: 4, GATED: 3, LATE: 3, SLOW: 1, SPENT: 4, STEERED: 4, REVIEWED: 3}


@dataclass(frozen=True)
class Round:
    """What people say of a task's work, once it is completed or, `at_gate`, at a gate behind its
    first stage: a follow-up from stage `start`.

    `has_review`: after comments and a review. `others` make one at the same time. `again`: it is
    said once more, although it was answered. `races`: the gate is answered meanwhile. `withdraws`:
    one of the others takes theirs back.
    """

    start: int
    stages: list[dict[str, Any]]
    at_gate: bool = False
    has_review: bool = False
    others: int = 0
    again: bool = False
    races: bool = False
    withdraws: bool = False


@dataclass(frozen=True)
class Plan:
    """One task: what its stages do, when somebody cancels it, how often its failure is retried.

    `answerers` is how many clients answer each gate at once; `rejects`: one of them says no.
    `rounds` are what follows, each when it may. `messages` is how many its agents are sent,
    `interrupts` how often they are stopped.
    """

    number: int
    kind: Kind
    stages: list[dict[str, Any]] = field(default_factory=list)
    cancel_after: float | None = None
    retries: int = 0
    answerers: int = 2
    rejects: bool = False
    rounds: list[Round] = field(default_factory=list)
    messages: int = 0
    interrupts: int = 0

    def description(self, request: str) -> str:
        return self.words(request, self.stages)

    def words(self, request: str, stages: list[dict[str, Any]]) -> str:
        """What the stages of a round are told: they find in it what to do."""
        return json.dumps({"request": request, "plan": self.number, "stages": stages})


def plans(seed: int, count: int) -> list[Plan]:
    rng = random.Random(f"plans-{seed}")
    made = [_plan(rng, number) for number in range(count)]
    return [
        replace(
            plan,
            rounds=rounds(seed, plan, (0, 0, 0, 1, 1, 2)),
            messages=messages(seed, plan),
            interrupts=int(plan.kind.is_steered) and plan.number % 3,
        )
        for plan in made
    ]


def reviewed_plans(seed: int, count: int) -> list[Plan]:
    """Small ones of which each is followed up."""
    rng = random.Random(f"reviewed-{seed}")
    made = [_small(rng, number) for number in range(count)]
    return [_with_small_rounds(seed, plan) for plan in made]


def _small(rng: random.Random, number: int) -> Plan:
    kind = rng.choice((REVIEWED, REVIEWED, LATE, ONE, ONE, SPENT))
    stages = [_smaller(_stage(rng, kind)) for _ in kind.gates]
    return Plan(number, kind, stages, retries=9, answerers=2)


def _with_small_rounds(seed: int, plan: Plan) -> Plan:
    made = rounds(seed, plan, (1, 2, 3))
    small = [replace(one, stages=[_smaller(stage) for stage in one.stages]) for one in made]
    return replace(plan, rounds=small, messages=messages(seed, plan))


def _smaller(stage: dict[str, Any]) -> dict[str, Any]:
    """Quickly done, with a few bytes to print."""
    quick = {"seconds": 0.3, "limits": 0, "questions": 0, "leaves": False, "deaf": False}
    return stage | quick | {"bytes": min(stage.get("bytes", 0), 3_000)}


def messages(seed: int, plan: Plan) -> int:
    """How many messages the agents of a task are sent."""
    rng = random.Random(f"messages-{seed}-{plan.number}")
    return rng.choice((0, 1, 2, 4)) if plan.kind.is_agents else 0


def rounds(seed: int, plan: Plan, counts: Sequence[int]) -> list[Round]:
    """As many as one of `counts` says."""
    rng = random.Random(f"rounds-{seed}-{plan.number}")
    return [_round(rng, plan.kind) for _ in range(rng.choice(counts))]


def request_of(description: str) -> tuple[str, int]:
    """Which create made a task, and the number of its plan."""
    fields = json.loads(description)
    return fields["request"], fields["plan"]


def _plan(rng: random.Random, number: int) -> Plan:
    kind = rng.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
    stages = [_stage(rng, kind) for _ in kind.gates]
    if kind is SLOW:
        stages[rng.randrange(len(stages))]["seconds"] = 60.0
    elif not kind.is_agents and rng.random() < 0.15:
        stages[-1] |= {"exit": rng.choice((1, 7, 255)), "fails": rng.choice((1, 2, 9))}
    return Plan(
        number=number,
        kind=kind,
        stages=stages,
        cancel_after=rng.uniform(0.0, 8.0) if rng.random() < 0.15 else None,
        retries=rng.choice((0, 1, 2, 2)),
        answerers=rng.randint(2, 4),
        rejects=rng.random() < 0.1,
    )


def _round(rng: random.Random, kind: Kind) -> Round:
    stages = [{**_stage(rng, kind), "leaves": False, "limits": 0} for _ in kind.gates]
    for stage in stages:
        stage["seconds"] = min(stage["seconds"], 1.0)
    return Round(
        start=rng.choice((0, 0, len(kind.gates) - 1)),
        stages=stages,
        at_gate=rng.random() < 0.4,
        has_review=rng.random() < 0.6,
        others=rng.choice((0, 0, 1, 2)),
        again=rng.random() < 0.3,
        races=rng.random() < 0.3,
        withdraws=rng.random() < 0.3,
    )


def _stage(rng: random.Random, kind: Kind) -> dict[str, Any]:
    short = kind is SLOW
    if kind.is_steered:
        return {
            "seconds": rng.choice((0.5, 2.0, 4.0)),
            "permissions": rng.choice((0, 1, 1, 2)),
        }
    if kind.is_agents:
        return {
            "seconds": rng.choice((0.2, 1.0, 2.0)),
            "limits": rng.choice((0, 1, 1, 2)),
            "questions": rng.choice((0, 0, 1, 2)),
        }
    return {
        "seed": rng.getrandbits(32),
        "seconds": round(rng.uniform(0.1, 0.5) if short else rng.choice((0.2, 1.0, 2.0, 6.0)), 1),
        "bytes": rng.choice((0, 50, 3_000, 3_000, 20_000, 300_000)),
        "leaves": rng.random() < 0.15,
        "deaf": rng.random() < 0.1,
    }
