"""What people say of a task's work: comments, reviews and follow-ups, each until it is answered."""

import threading
from collections.abc import Callable
from itertools import count
from typing import Any

from muster.worker.clock import boot_seconds
from tests.chaos.client import TASKS, Client, Reply
from tests.chaos.history import Recorder
from tests.chaos.plan import Plan, Round
from tests.chaos.review_records import ReviewRequest

_AGAIN = 0.3  # seconds until what was not answered is said again
_MAX_TRIES = 300  # tries

OnStep = Callable[[str, int], None]


class Reviewers:
    """Plays rounds, in the threads of those who call."""

    def __init__(
        self, recorder: Recorder, over: threading.Event, on_step: OnStep = lambda *_: None
    ) -> None:
        """`on_step` hears of what is about to be sent, and of which task."""
        self._recorder, self._over, self._on_step = recorder, over, on_step
        self._numbers = count(1)

    def play(self, clients: list[Client], task_id: int, plan: Plan, round_: Round) -> None:
        """The first of the clients says it, the others beside them."""
        client, *rest = clients
        others = [
            threading.Thread(target=self._beside, args=(other, task_id, plan, round_, number))
            for number, other in enumerate(rest[: round_.others])
        ]
        review, begun = self._review(client, task_id, plan, round_)
        for thread in others:
            thread.start()
        if not begun:
            self._follow_up(client, task_id, plan, round_, review)
        for thread in others:
            thread.join()

    def approve(self, client: Client, task_id: int, gate: tuple[int, int], words: str) -> Reply:
        """Answer a gate, (stage, number), by a review."""
        body = {"verdict": "approve", "body": words, "stageIndex": gate[0], "number": gate[1]}
        return self._send_until_answered(client, "review", task_id, words, "reviews", body)

    def send_message(self, client: Client, task_id: int, when: str) -> None:
        """A message to the task's agent, which finds the request in it."""
        request = self._request("m")
        body = {"text": f"Heed message {request}.", "when": when}
        self._send_until_answered(client, "message", task_id, request, "messages", body)

    # A review

    def _review(
        self, client: Client, task_id: int, plan: Plan, round_: Round
    ) -> tuple[int | None, bool]:
        """The id of the review, if there is one; and whether it has begun a round itself."""
        if not round_.has_review:
            return None, False
        path = f"chaos/{round_.start}"
        self._comment(client, task_id, {"path": path, "side": "new", "line": 1})
        self._comment(client, task_id, {})
        request, last = self._request("r"), self._request("c")
        body = {
            "verdict": "request_changes" if plan.number % 2 else "comment",
            # Where it begins a round, these are its words.
            "body": plan.words(request, round_.stages),
            "comments": [{"body": last}],
        }
        if body["verdict"] == "request_changes":  # a round begins with that, or not
            now = boot_seconds()
            self._record_step(client, "follow_up", task_id, request, Reply(None, None, now, now))
        reply = self._send_until_answered(client, "review", task_id, request, "reviews", body)
        if reply.status != 201:
            return None, False
        whole = Reply(201, {"id": 0}, reply.began, reply.ended)
        self._record_step(client, "comment", task_id, last, whole)
        begun = reply.body["followUp"]
        if begun is not None:
            made = Reply(201, {"id": begun}, reply.began, reply.ended)
            self._record_step(client, "follow_up", task_id, request, made)
        return int(reply.body["review"]["id"]), begun is not None

    def _comment(self, client: Client, task_id: int, place: dict[str, Any]) -> None:
        """On a line, or on the whole where there is no such line."""
        request = self._request("c")
        reply = self._send_until_answered(client, "comment", task_id, request, "comments",
                          {"body": request, **place})  # fmt: skip
        if place and reply.status != 201:
            self._comment(client, task_id, {})

    # Follow-ups

    def _follow_up(
        self, client: Client, task_id: int, plan: Plan, round_: Round, review: int | None = None
    ) -> tuple[str, Reply]:
        request = self._request("f")
        body = {
            "instruction": plan.words(request, round_.stages),
            "fromStage": round_.start,
            "reviewId": review,
        }
        reply = self._send_until_answered(client, "follow_up", task_id, request, "follow-ups", body)
        if reply.status == 201 and round_.again:
            self._send_until_answered(client, "follow_up", task_id, request, "follow-ups", body)
        return request, reply

    def _beside(self, client: Client, task_id: int, plan: Plan, round_: Round, number: int) -> None:
        request, reply = self._follow_up(client, task_id, plan, round_)
        if reply.status == 201 and round_.withdraws and not number:
            path = f"follow-ups/{reply.body['id']}"
            self._send_until_answered(
                client, "withdraw", task_id, request, path, None, method="DELETE"
            )

    # Saying

    def _request(self, letter: str) -> str:
        return f"{letter}{next(self._numbers)}"

    def _send_until_answered(
        self,
        client: Client,
        verb: str,
        task_id: int,
        request: str,
        path: str,
        body: dict[str, Any] | None,
        method: str = "POST",
    ) -> Reply:
        """Again, under the same key, until it is answered."""
        for _ in range(_MAX_TRIES):
            self._on_step(f"{verb} sent", task_id)
            key = f"chaos-{request}" if body else ""
            reply = client.ask(method, f"{TASKS}/{task_id}/{path}", body, key)
            self._record_step(client, verb, task_id, request, reply)
            is_answered = reply.status is not None and reply.status < 500
            if is_answered or self._over.wait(_AGAIN):
                break
        return reply

    def _record_step(
        self, client: Client, verb: str, task_id: int, request: str, reply: Reply
    ) -> None:
        body = reply.body if isinstance(reply.body, dict) else {}
        made = body.get("id") or (body.get("review") or {}).get("id") or 0
        fields = (client.name, reply.began, reply.ended, reply.status, reply.code, int(made))
        self._recorder.write(ReviewRequest(verb, task_id, request, *fields))
