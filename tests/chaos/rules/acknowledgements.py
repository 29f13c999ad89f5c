"""What was acknowledged is there, once; what was refused is not; and there is nothing else."""

from collections.abc import Iterable, Iterator

from tests.chaos.history import History
from tests.chaos.review_records import ReviewRequest
from tests.chaos.rules.violation import Violation


def judge(
    history: History, verb: str, task_id: int, made: Iterable[tuple[str, int]]
) -> Iterator[Violation]:
    """`made` are the requests, with their ids, of what there is in the end."""
    ids: dict[str, list[int]] = {}
    for request, made_id in made:
        ids.setdefault(request, []).append(int(made_id))
    tries: dict[str, list[ReviewRequest]] = {}
    for review_request in history.review_requests:
        if (review_request.verb, review_request.task_id) == (verb, task_id):
            tries.setdefault(review_request.request, []).append(review_request)
    for request, those in tries.items():
        for problem, text in _problems(those, ids.get(request, [])):
            yield Violation(f"{verb} {problem}", task_id, f"{request}: {text}")
    for request in ids.keys() - tries.keys():
        yield Violation(f"{verb} from nowhere", task_id, f"nobody said {request}")


def _problems(tries: list[ReviewRequest], ids: list[int]) -> Iterator[tuple[str, str]]:
    statuses = [review_request.status for review_request in tries]
    if len(ids) > 1:
        yield "doubled", f"answered with {statuses}, and there are {ids}"
    if 201 in statuses and not ids:
        yield "lost", f"answered with {statuses}"
    # A refusal of the server's own (5xx) may come from a commit whose answer was lost.
    if ids and all(status is not None and 400 <= status < 500 for status in statuses):
        yield "refused and made", f"answered with {statuses}"
    others = {
        review_request.made
        for review_request in tries
        if review_request.status == 201 and review_request.made
    } - set(ids)
    if ids and others:
        yield "told as another", f"{others} was told, and it is {ids}"
