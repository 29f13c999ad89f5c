"""A stand-in for claude that people steer: it reads messages while it works, stops when it is
interrupted, and asks before it acts. It notes what it really read and did, as `probe` does beside
it, each time before anybody else can know.

Of its stage's part of MUSTER_DESCRIPTION (see plan.py) it takes how many `seconds` it works and for
how many `permissions` it asks; of what it reads "Heed message m1.", "Ask for p1." and "Finish.". It
speaks `--input-format stream-json`, and leaves at the first frame that claude would not know.
"""

import json
import os
import queue
import random
import re
import sys
import threading
from typing import Any

from tests.chaos import probe

VERSION = "2.1.197 (Claude Code)"
TICK = 0.05  # seconds between two steps, each of which is a request to a model
MALFORMED = 3  # its status, when it was sent what is no frame
_HEED = re.compile(r"\bHeed message (\w+)\.")
_ASK = re.compile(r"\bAsk for (\w+)\.")
_INSTEAD = re.compile(r"You were stopped by a person, who writes:\n\n(.*)", re.DOTALL)
_USER_FIELDS = {"type", "message", "uuid", "parent_tool_use_id", "session_id"}

Frame = dict[str, Any]


def main() -> int:
    if "--version" in sys.argv:
        sys.stdout.write(VERSION + "\n")
        return 0
    todo = json.loads(os.environ["MUSTER_DESCRIPTION"])["stages"][int(probe.STAGE)]
    here = os.path.dirname(os.path.realpath(__file__))
    notes, mark = probe.start_notes(os.path.join(os.path.dirname(here), "notes"))
    threading.Thread(target=notes.beat_on, daemon=True).start()
    probe.leave_mark(mark)
    try:
        Agent(todo, notes).work()
    except EOFError:
        return 1
    except (ValueError, LookupError, TypeError) as problem:
        notes.write("malformed", problem=repr(problem))
        return MALFORMED
    notes.write("end", exit=0)
    return 0


class Agent:
    def __init__(self, todo: dict[str, Any], notes: probe.Notes) -> None:
        self._notes = notes
        self._session = f"{random.SystemRandom().getrandbits(64):x}"
        self._ends_at = probe.boot() + todo["seconds"]
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._to_ask = [f"p{self._session}{n}" for n in range(todo.get("permissions", 0))]
        self._asked = ("", "")  # the open request: its ID, and for what
        self._cancelled: set[str] = set()
        self._held: list[Frame] = []  # come in the middle of an action, for the next step
        self._is_stopped = False
        self._number = 0
        threading.Thread(target=self._read_all, daemon=True).start()

    def work(self) -> None:
        """Until the input is closed. A turn starts with a person's frame."""
        while (frame := self._held.pop(0) if self._held else self._next_frame()) is not None:
            if frame["type"] == "user":
                self._take_turn(frame)
            else:
                self._handle(frame)

    def _take_turn(self, first: Frame) -> None:
        print_event("system", subtype="init", session_id=self._session, model="m", tools=[])
        self._is_stopped = False
        self._read(first)
        self._notes.write("working")
        while not self._is_stopped and not self._is_done():
            if not self._asked[0] and self._held:
                self._read(self._held.pop(0))
            elif not self._asked[0] and self._to_ask:
                self._ask(self._to_ask.pop(0))
            elif (frame := self._next_frame(TICK)) is not None:
                self._handle(frame)
            else:
                raise EOFError  # nobody listens any more
        about = {"subtype": "success", "is_error": False, "result": "Done."}
        if self._is_stopped:
            about = {"subtype": "error_during_execution", "is_error": True}
        print_event("result", session_id=self._session, num_turns=1, **about)

    def _is_done(self) -> bool:
        is_time = probe.boot() >= self._ends_at
        return is_time and not (self._to_ask or self._asked[0] or self._held)

    # ---- frames

    def _read_all(self) -> None:
        for line in sys.stdin:
            self._lines.put(line)
        self._lines.put("")

    def _next_frame(self, seconds: "float | None" = None) -> "Frame | None":
        """None: there will be no more. One of no type: none has come in that time."""
        try:
            line = self._lines.get(timeout=seconds)
        except queue.Empty:
            return {"type": ""}
        return dict(json.loads(line)) if line else None

    def _handle(self, frame: Frame) -> None:
        match frame:
            case {"type": ""}:
                pass
            case {"type": "user"} if self._asked[0]:
                self._held.append(frame)
            case {"type": "user"}:
                self._read(frame)
            case {"type": "control_request", "request": {"subtype": "interrupt"}}:
                self._stop(frame["request_id"])
            case {"type": "control_response", "response": {"subtype": "success"}}:
                self._hear_decision(frame["response"])
            case _:
                raise ValueError(f"claude knows no such frame: {frame}")

    def _read(self, frame: Frame) -> None:
        """And repeat it, which is the receipt."""
        if frame.keys() != _USER_FIELDS or frame["message"]["role"] != "user":
            raise ValueError(f"claude takes no such message: {frame}")
        text = "\n".join(block["text"] for block in frame["message"]["content"])
        for message in _HEED.findall(text):
            self._notes.write("read", message=message)
        if answer := _INSTEAD.search(text):
            self._notes.write("heard", text=answer[1])
        self._to_ask += _ASK.findall(text)
        if "Finish." in text:
            self._ends_at = 0.0
        print_event(**frame, isReplay=True)
        for message in _HEED.findall(text):
            self._notes.write("receipt", message=message)

    def _stop(self, request_id: str) -> None:
        response = {"subtype": "success", "request_id": request_id, "response": {}}
        print_event("control_response", response=response)
        open_id, wanted = self._asked
        if open_id:
            self._notes.write("cancelled", request=wanted)
            print_event("control_cancel_request", request_id=open_id)
            self._cancelled.add(open_id)
            self._end_action("Interrupted", is_error=True)
        self._is_stopped = True

    # ---- actions

    def _ask(self, wanted: str) -> None:
        """Whether it may act; it waits for the answer."""
        self._number += 1
        command = {"command": f"act {wanted}"}
        block = {"type": "tool_use", "id": f"toolu_{self._number}", "name": "Bash"}
        self._print_content("assistant", {**block, "input": command})
        self._asked = (f"asks-{self._number}", wanted)
        self._notes.write("asked", request=wanted)
        request = {"subtype": "can_use_tool", "tool_name": "Bash", "input": command}
        request["tool_use_id"] = block["id"]
        print_event("control_request", request_id=self._asked[0], request=request)

    def _hear_decision(self, response: Frame) -> None:
        open_id, wanted = self._asked
        if response["request_id"] in self._cancelled:
            return
        if response["request_id"] != open_id:
            raise ValueError(f"claude waits for no such response: {response}")
        decision = response["response"]
        if decision["behavior"] == "allow":
            self._notes.write("allowed", request=wanted)
            self._notes.write("acted", request=wanted)
            self._end_action("acted")
        else:
            self._notes.write("denied", request=wanted, reason=decision["message"])
            self._end_action(decision["message"], is_error=True)

    def _end_action(self, text: str, *, is_error: bool = False) -> None:
        block = {"type": "tool_result", "tool_use_id": f"toolu_{self._number}", "content": text}
        self._print_content("user", {**block, "is_error": is_error})
        self._asked = ("", "")

    def _print_content(self, role: str, block: Frame) -> None:
        message: Frame = {"role": role, "content": [block]}
        if role == "assistant":
            usage = {"input_tokens": 10, "output_tokens": 5}
            message |= {"id": f"msg_{self._number}", "model": "m", "usage": usage}
        print_event(role, message=message)


def print_event(type: str, **fields: Any) -> None:
    sys.stdout.write(json.dumps({"type": type, **fields}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
