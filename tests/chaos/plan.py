"""What tasks a run has, and what people do with them; fixed by the seed."""

import json
import random
from dataclasses import dataclass, field
from typing import Any

CHOICES = ["red", "green", "blue"]
TIMEOUT = 3  # seconds, of a stage that is to take longer; of others it is out of reach
LONG = 300


@dataclass(frozen=True)
class Kind:
    """A project's pipeline; `gates` are those of its stages. Those of an `is_agents` are an agent's
    that hits limits and asks (`agent`)."""

    key: str
    gates: tuple[str, ...]
    timeout: int = LONG
    is_agents: bool = False

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
KINDS = {kind.key: kind for kind in (ONE, THREE, GATED, LATE, SLOW, SPENT)}
_WEIGHTS = {ONE: 8, THREE: 4, GATED: 3, LATE: 3, SLOW: 1, SPENT: 4}


@dataclass(frozen=True)
class Plan:
    """One task: what its stages do, when somebody cancels it, how often its failure is retried.

    `answerers` is how many clients answer each gate at once; `rejects`: one of them says no.
    """

    number: int
    kind: Kind
    stages: list[dict[str, Any]] = field(default_factory=list)
    cancel_after: float | None = None
    retries: int = 0
    answerers: int = 2
    rejects: bool = False

    def description(self, request: str) -> str:
        return json.dumps({"request": request, "plan": self.number, "stages": self.stages})


def plans(seed: int, count: int) -> list[Plan]:
    rng = random.Random(f"plans-{seed}")
    return [_plan(rng, number) for number in range(count)]


def request_of(description: str) -> tuple[str, int]:
    """Which create made a task, and the number of its plan."""
    told = json.loads(description)
    return told["request"], told["plan"]


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


def _stage(rng: random.Random, kind: Kind) -> dict[str, Any]:
    short = kind is SLOW
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
