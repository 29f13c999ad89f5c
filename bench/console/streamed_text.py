"""What an agent writes: the frames that Chromium paints meanwhile, and how soon it shows a word."""

import inspect
import json
import shlex
import sys
import threading
import time

from playwright.sync_api import Browser, Page

from bench.command import Print
from bench.console import thresholds
from bench.console.tabs import signed_in
from bench.console.terminals import FRAMES
from bench.errors import NotMeasured
from bench.figures import Figure, percentile
from bench.log_costs import RunningAttempt
from bench.rig import TASKS, Rig
from bench.texts import PARTS_PER_SECOND, paced_parts
from muster.protocol import frames

SECONDS = 10
MIN_FRAMES, MAX_MS = 30.0, 200.0
PART, TEXT_PARTS = "rounded ", 2_000  # the longest text has 16 KiB
WORDS, WORD_SECONDS = 400, 0.04  # like a model's

# Adds each written word, which is the time at which it was written, and when it was painted.
_WATCH = """() => {
  const seen = window.words = new Map()
  const look = () => {
    const place = document.querySelector('section[aria-label="Being written"]')
    for (const [word] of (place?.textContent ?? '').matchAll(/\\d{13}/g)) {
      if (!seen.has(word)) seen.set(word, Date.now())
    }
    requestAnimationFrame(look)
  }
  look()
}"""
_DELAYS = "() => [...window.words].map(([word, at]) => at - Number(word))"


def paint(rig: Rig, browser: Browser, password: str, say: Print) -> list[Figure]:
    """Measure while a machine sends far more than it may."""
    attempt = RunningAttempt(rig)
    sender = threading.Thread(target=_send_texts, args=(attempt,))
    with signed_in(browser, rig, password) as context:
        page = _opened(context.new_page(), attempt.task_id)
        sender.start()
        page.get_by_text(PART * 20).first.wait_for()
        counted = float(page.evaluate(FRAMES, SECONDS / 2))
        is_streaming = sender.is_alive()
        sender.join()
    attempt.close()
    if not is_streaming:
        raise NotMeasured("the stream ended before the page had counted its frames")
    say(f"{PARTS_PER_SECOND:,} parts a second: {counted:.0f} frames/s")
    name = f"{PARTS_PER_SECOND:,} parts of a text a second"
    return [thresholds.min_figure(name, counted, "frames/s", MIN_FRAMES)]


def delay(rig: Rig, browser: Browser, password: str, say: Print) -> list[Figure]:
    """Measure from the agent's process to the page."""
    project = {
        "key": "WORDS",
        "repoUrl": rig.repository.url,
        "agentType": "acp",
        "agentCommand": _agent_command(),
        "pipeline": [{"name": "write", "command": "{description}"}],
    }
    rig.session.post("/api/admin/projects", project)
    with signed_in(browser, rig, password) as context:
        task = int(rig.session.post(TASKS, {"projectKey": "WORDS", "description": "Write."})["id"])
        page = _opened(context.new_page(), task)
        page.evaluate(_WATCH)
        page.wait_for_timeout(WORDS * WORD_SECONDS * 1000)
        found = [float(each) for each in page.evaluate(_DELAYS)]
    if len(found) < WORDS // 4:
        raise NotMeasured(f"the page has shown {len(found)} words of the agent")
    middle, most = percentile(found, 50), percentile(found, 95)
    say(f"{len(found)} words: {middle:.0f} ms, p95 {most:.0f} ms")
    return [thresholds.max_figure("a word of the agent → the page, p95", most, "ms", MAX_MS)]


def _opened(page: Page, task: int) -> Page:
    page.goto(f"/tasks/{task}?view=transcript")
    page.get_by_role("tab", name="Transcript").wait_for()
    page.wait_for_timeout(1500)
    return page


def _send_texts(attempt: RunningAttempt) -> None:
    about = attempt.order.task_id, attempt.order.attempt
    for number in paced_parts(PARTS_PER_SECOND * SECONDS):
        offset = number % TEXT_PARTS * len(PART)
        attempt.machine.send(frames.TextDelta(*about, 0, 0, "message", offset, PART))


def _write_words(count: int, pause: float) -> None:
    """Be an agent of the Agent Client Protocol whose words are times in milliseconds."""
    for line in sys.stdin:
        message = json.loads(line)
        match message.get("method"):
            case "initialize":
                result = {"protocolVersion": 1, "agentCapabilities": {}}
            case "session/new":
                result = {"sessionId": "s-1"}
            case "session/prompt":
                for number in range(count):
                    # A page shows a text that it has from its start, so there are several.
                    kind = "agent_message_chunk" if number % 100 else "agent_thought_chunk"
                    content = {"type": "text", "text": f"{time.time_ns() // 1_000_000} "}
                    update = {"sessionUpdate": kind, "content": content}
                    params = {"sessionId": "s-1", "update": update}
                    sent = {"jsonrpc": "2.0", "method": "session/update", "params": params}
                    print(json.dumps(sent), flush=True)
                    time.sleep(pause)
                result = {"stopReason": "end_turn"}
            case _:
                continue
        print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}), flush=True)


def _agent_command() -> str:
    """Return the agent's command: without a file, which attempts may not be able to read."""
    source = inspect.getsource(_write_words)
    # The page opens meanwhile.
    text = f"import json, sys, time\n{source}_write_words({3 * WORDS}, {WORD_SECONDS})\n"
    return shlex.join(["python3", "-c", f"exec(bytes.fromhex('{text.encode().hex()}'))"])
