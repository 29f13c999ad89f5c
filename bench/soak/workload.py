"""Ordinary load: people who work and read, an operator at the machines, broken connections."""

import random
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Self

import httpx

from app.embedded.ports import LOOPBACK
from tests.chaos.client import TASKS, Client, wait_until
from tests.chaos.clients import People
from tests.chaos.plan import Plan, plans
from tests.chaos.world import PASSWORD, PEOPLE, World

AT_ONCE = 10  # tasks: a few more than slots, so that there's a queue
_ENDING = 240.0  # seconds for all tasks to end
_TIMEOUT_SECONDS = 30.0  # seconds for a response
_SPARE = 100_000  # the first plan that is created with an Idempotency-Key
_PAUSES = {"look": 0.5, "post": 8.0, "log_in": 5.0, "drain": 30.0, "cut": 15.0}  # seconds


class Workload:
    """Runs in threads until `end`, or the end of its context.

    `told` counts actions and errors.
    """

    def __init__(self, world: World, seed: int, tasks: int) -> None:
        """`tasks` is the maximum number to create; `seed` determines the plans."""
        self._world = world
        self._rng = random.Random(f"life-{seed}")
        self.told: Counter[str] = Counter()
        self._over = threading.Event()
        clients = [Client(*pair, world.clients.port) for pair in world.tokens.items()]
        self._url = f"http://{LOOPBACK}:{world.clients.port}"
        self._headers = {"Authorization": f"Bearer {world.tokens[PEOPLE[0]]}"}
        self._work = plans(seed, tasks)
        self._people = People(clients, self._work, world.recorder, AT_ONCE, seed)
        acts = (self._browse, self._post, self._log_in, self._drain, self._cut_connection)
        self._threads = [threading.Thread(target=self._repeat, args=(act,)) for act in acts]
        for thread in self._threads:
            thread.start()

    @property
    def tasks(self) -> int:
        """The number of tasks so far."""
        return len(self._people.tasks)

    def end(self) -> bool:
        """Stop creating tasks; return whether all have ended in time."""
        self._leave()
        self._people.leave()
        return wait_until(lambda: not self._people.live, _ENDING)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._leave()
        self._people.close()

    def _leave(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(2 * _TIMEOUT_SECONDS)

    def _repeat(self, act: Callable[[httpx.Client], None]) -> None:
        """Repeat an action, each time on a new connection: with few, a server warms up late."""
        name = act.__name__.removeprefix("_")
        while not self._over.wait(_PAUSES[name]):
            try:
                with self._client(self._headers) as api:
                    act(api)
                self.told[name] += 1
            except (httpx.HTTPError, KeyError, IndexError) as problem:
                self.told[f"{name}: {type(problem).__name__}"] += 1

    def _client(self, headers: Mapping[str, str]) -> httpx.Client:
        return httpx.Client(base_url=self._url, headers=headers, timeout=_TIMEOUT_SECONDS)

    def _browse(self, api: httpx.Client) -> None:
        """Act as a person with an open console who reads one log to its end."""
        found = _get(api, f"{TASKS}?limit=50").json()["items"]
        for path in ("machines", "projects", "dashboard/stats", "search?q=request"):
            _get(api, f"/api/web/{path}")
        task = self._rng.choice(found)
        for path in ("", "/events?limit=200", "/logs?limit=500", "/logs/raw"):
            answer = api.get(f"{TASKS}/{task['id']}{path}")
            if answer.status_code != 404:  # a task that never ran has no log
                answer.raise_for_status()

    def _post(self, api: httpx.Client) -> None:
        """Send the same request twice, and follow its one task."""
        plan: Plan = self._rng.choice(self._work)
        key = uuid.UUID(int=self._rng.getrandbits(128), version=4)
        body = {
            "projectKey": plan.kind.key,
            "description": plan.description(f"{plan.number}-{_SPARE}-{key}"),
        }
        ids = {
            api.post(TASKS, json=body, headers={"Idempotency-Key": str(key)})
            .raise_for_status()
            .json()["id"]
            for _ in range(2)
        }
        if len(ids) > 1:
            self.told["post: two tasks of one key"] += 1

    def _log_in(self, _: httpx.Client) -> None:
        """Sign in, refresh, and sign out every other time."""
        with self._client({}) as own:
            who = {"username": self._rng.choice(PEOPLE), "password": PASSWORD}
            pair = own.post("/api/auth/login", json=who).raise_for_status().json()
            renewal = {"refreshToken": pair["refreshToken"]}
            pair = own.post("/api/auth/refresh", json=renewal).raise_for_status().json()
            own.headers["Authorization"] = f"Bearer {pair['accessToken']}"
            _get(own, "/api/web/profile")
            if self._rng.random() < 0.5:
                leave = {"refreshToken": pair["refreshToken"]}
                own.post("/api/auth/logout", json=leave).raise_for_status()

    def _drain(self, api: httpx.Client) -> None:
        """Drain for some seconds; every other time with a deadline that stops running tasks."""
        machine = self._rng.choice(_get(api, "/api/web/machines").json()["items"])
        path = f"/api/web/machines/{machine['id']}"
        deadline = self._rng.choice((None, 2))
        body = {"note": "a short rest", "deadlineSeconds": deadline}
        try:
            api.post(f"{path}/drain", json=body).raise_for_status()
            self._over.wait(8.0)
        finally:
            api.post(f"{path}/undrain").raise_for_status()

    def _cut_connection(self, _: httpx.Client) -> None:
        """Make a machine reconnect; sometimes the server is unreachable for a while."""
        door = self._rng.choice(self._world.machines).proxy_port
        if self._rng.random() < 0.25:
            door.refuse()
            self._over.wait(self._rng.uniform(1.0, 3.0))
            door.heal()
        else:
            door.cut()


def _get(api: httpx.Client, path: str) -> httpx.Response:
    return api.get(path).raise_for_status()
