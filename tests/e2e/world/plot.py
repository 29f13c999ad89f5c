"""The tasks of the team, each brought to the state in which it is to be seen."""

from tests.e2e.world import scenes
from tests.e2e.world.stage import TIMEOUT_SECONDS, World
from tests.wait import wait_until

DETAILS = {
    scenes.HALF_EVEN: "The sum of rounded lines differs by a cent from the printed total. "
    "Round each line half-even, then add. Note it in CHANGELOG.md.",
    scenes.ADDRESS: "The address form posts to two endpoints, and support sees lost company names. "
    "Use one. Keep the tests green; do not touch the account pages more than you must.",
    scenes.UPLOAD: "The store answers 503 when it moves shards. Try again, three times at most.",
    scenes.CART: "Nobody calls `/v1/cart` since May. Remove the routes, one commit.",
    scenes.NAMES: "[deaf]",
    scenes.UNREAD: "[deaf]",
    scenes.VAT: "Rates change in January. Read them from a file.",
}


def play(world: World) -> None:
    """Makes all tasks. What ends comes first: what runs on keeps its slot."""
    acts = (
        _ended,
        _reviewed,
        _answered_by_people,
        _stopped,
        _running,
        _steered,
        _waiting,
        _machines,
    )
    for act in acts:
        world.say(f"tasks: {act.__name__.strip('_').replace('_', ' ')}")
        act(world)


def text(title: str) -> str:
    return f"{title}\n\n{DETAILS[title]}" if title in DETAILS else title


def _ended(world: World) -> None:
    started = [
        world.task("alice", "handbook", text(scenes.PAGES)),
        world.task("priya", "ingest", text(scenes.IMAGE)),
        world.task("priya", "storefront", text(scenes.FLAGS)),
        world.task("bo", "storefront", text(scenes.FIELD)),
        world.task("alice", "billing", text(scenes.VAT)),
        world.task("priya", "ingest", text(scenes.TOKENIZER)),
    ]
    pages, image, flags, field, vat, tokens = started
    pages.wait_for_status("suspended", "gate").answer(
        "confirm", comment="Good as it is."
    ).wait_for_status("completed")
    flags.wait_for_status("completed")
    field.wait_for_status("completed").seen_by("alice").act(
        "reviews", verdict="approve", body="Clear now."
    )
    tokens.wait_for_status("suspended", "gate")
    tokens.seen_by("mei").act("cancel")
    image.wait_for_status("failed")
    vat.wait_for_status("failed")


def _reviewed(world: World) -> None:
    """Sent back with comments, and at its gate again in the second round."""
    task = world.task("mei", "handbook", text(scenes.RETRIES)).wait_for_status("suspended", "gate")
    diff = task.api.get(f"{task.path}/diff")
    [file] = [each for each in diff["files"] if each["path"] == "retries.md"]
    lines = [line for hunk in file["hunks"] for line in hunk["lines"] if line["type"] == "added"]
    comments = [
        {"path": file["path"], "side": "new", "line": line["newLine"], "body": body}
        for line, body in zip(
            lines[-2:], ("A heading would help here.", "Say what fails then, please: the task?"),
            strict=False,
        )
    ]  # fmt: skip
    task.seen_by("alice").act(
        "reviews", verdict="request_changes", body="Nearly: two things.", comments=comments
    )
    task.wait_for_round(2).wait_for_status("suspended", "gate")


def _answered_by_people(world: World) -> None:
    """Tasks that ask: a confirm, a choice, a question, a branch that a person has moved."""
    half = world.task("alice", "billing", text(scenes.HALF_EVEN))
    csv = world.task("mei", "ingest", text(scenes.CSV))
    address = world.task("bo", "storefront", text(scenes.ADDRESS))
    moved = world.task("alice", "billing", text(scenes.CREDIT)).wait_for_status("suspended", "gate")
    git = world.repositories["billing"].git
    git("update-ref", f"refs/heads/{moved.now()['taskBranch']}", git("rev-parse", "main"))
    moved.answer("confirm").wait_for_status("suspended", "gate")
    half.wait_for_status("suspended", "gate")
    csv.wait_for_status("suspended", "gate")
    address.wait_for_status("suspended", "question")


def _stopped(world: World) -> None:
    """What it may use is used up; its agent's account is spent for some hours."""
    spent = world.task("priya", "ingest", text(scenes.SPENT))
    checkout = world.task("priya", "storefront", text(scenes.CHECKOUT))
    spent.wait_for_status("suspended", "budget")
    checkout.wait_for_status("suspended", "quota")


def _running(world: World) -> None:
    started = [
        world.task("mei", "ingest", text(scenes.UPLOAD), priority=10),
        world.task("alice", "storefront", text(scenes.CART)),
        world.task("priya", "lab", "Look around by hand"),
        world.task("alice", "billing", "Why does the export hang?", agentOptions={
            "interface": "terminal"}),
    ]  # fmt: skip
    for task in started:
        task.wait_for_status("running")


def _steered(world: World) -> None:
    """Messages that wait, that were perhaps not read, and that came too late; a permission."""
    late = world.task("alice", "handbook", scenes.LATE)
    read = world.task("alice", "handbook", text(scenes.NAMES))
    read.act("messages", text="Use no abbreviations.")
    unread = world.task("alice", "handbook", text(scenes.UNREAD))
    asking = world.task("alice", "toolbox", scenes.TESTS, machineSelector="docker=true")
    asking.wait_for_status("suspended", "question")
    for task in (read, unread):
        wait_until(lambda task=task: b"on-call.md" in task.log(), "step", TIMEOUT_SECONDS)
    read.act("messages", text="Keep the short names where the team uses them.")
    read.act("messages", text="Then list what is left, please.")
    unread.act("messages", text="Not the glossary of the shop.")
    unread.act("cancel")
    late.wait_for_status("suspended", "gate")
    late.act("messages", text="Sort them by team.")


def _waiting(world: World) -> None:
    world.task("priya", "ingest", "Rebuild the embeddings with the new model",
               machineSelector="gpu=true")  # fmt: skip
    world.task("bo", "storefront", "Explain the retry policy to the shop", agentType="gemini")


def _machines(world: World) -> None:
    """One drains while a task runs there, another is not heard of any more."""
    curlew, avocet = (world.machine_id(name) for name in ("curlew", "avocet"))
    on_curlew = world.task("mei", "ingest", "Measure the importer [slow]", machineId=curlew)
    on_avocet = world.task("bo", "storefront", "Cache the tariff lookups [slow]", machineId=avocet)
    on_curlew.wait_for_status("running")
    on_avocet.wait_for_status("running")
    world.people["mei"].post(
        f"/api/web/machines/{curlew}/drain",
        {"note": "A new disk comes at noon.", "deadlineSeconds": 6 * 3600},
    )
    world.machines["avocet"].silence()
