"""A stand-in for claude that plays scenes: it says, reads, changes, runs and asks for real, and
thinks of nothing. `python -S` runs it by this path, beside `scenes.json`: standard library only.

A scene is chosen by the first line of a task's description; what no scene is for is improvised,
and then `[ask]`, `[slow]`, `[deaf]`, `[fail]` and `[spend]` in the description say what else to do.
"""

import difflib
import json
import os
import re
import subprocess
import sys
import time
from typing import Any

VERSION = "2.1.197 (Claude Code)"
MODEL = "claude-sonnet-4-5"
SCENES = os.path.join(os.path.dirname(os.path.realpath(__file__)), "scenes.json")
KEPT = ".scene"  # in the home, which later rounds on the same machine still have
STAGES = {"Plan how": "plan", "Write the changelog": "changelog"}  # else it is "develop"
THREAD = re.compile(r"\bthread (\d+)", re.IGNORECASE)
TICK = 4.0  # seconds between two steps of work that does not end


def main() -> None:
    if "-p" not in sys.argv:
        terminal() if sys.argv[1:] != ["--version"] else write(VERSION + "\n")
        return
    if "--input-format" not in sys.argv:
        perform(sys.argv[-1])
        return
    from actor_input import ActorInput  # type: ignore[import-not-found]  # beside it, like scenes

    given = ActorInput(write)
    perform(given.wait_for_text() or "", given)
    while (text := given.wait_for_text()) is not None:
        with Play(text, given) as play:
            play.confirm(text)


def perform(prompt: str, given: Any = None) -> None:
    with Play(prompt, given) as play:
        for step in steps_for(prompt):
            play.act(*step)
        for thread in dict.fromkeys(THREAD.findall(prompt)):
            play.tool("reply_comment", {"id": int(thread), "text": play.words_of(thread)})


def steps_for(prompt: str) -> "list[list[Any]]":
    with open(SCENES, encoding="utf-8") as file:
        scenes = json.load(file)
    path = os.path.join(os.environ["HOME"], KEPT)
    title = next((title for title in scenes if title in prompt), "")
    if not title and os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            title = file.read()
    if title:
        with open(path, "w", encoding="utf-8") as file:
            file.write(title)
    stage = next((name for begin, name in STAGES.items() if begin in prompt[:200]), "develop")
    if THREAD.search(prompt) or "follow-up" in prompt.lower():
        stage = "again"
    return scenes.get(title, {}).get(stage) or improvised(prompt, stage)


def improvised(prompt: str, stage: str) -> "list[list[Any]]":
    steps: list[list[Any]] = [["print_text", "I look at what is there first."], ["run", "ls"]]
    if stage == "plan":
        return [*steps, ["print_text", "Plan: one small change, noted in NOTES.md."]]
    if "[ask]" in prompt:
        steps.append(["ask", "Which name does the new file get?", ["NOTES.md", "CHANGES.md"]])
    if "[spend]" in prompt:
        steps += [["spend", 2_000, 400], ["wait", 0.3]] * 40
    if "[slow]" in prompt:
        steps.append(["work", ["git log --oneline -n 3", "ls -la", "git status --short"]])
    steps += [["wait", 86_400.0]] if "[deaf]" in prompt else []
    steps += [["note", prompt], ["run", "git status --short"]]
    return [*steps, ["fail"]] if "[fail]" in prompt else [*steps, ["print_text", "Done."]]


class Play:
    """The lines of one run, as `claude -p --output-format stream-json` prints them."""

    def __init__(self, prompt: str, given: Any = None) -> None:
        self.given, self.number, self.used, self.turns = given, 0, [0, 0], 0
        self.session = f"{os.environ.get('MUSTER_TASK_ID')}-{os.environ.get('MUSTER_ATTEMPT')}"
        if "--resume" in sys.argv:
            self.session = sys.argv[sys.argv.index("--resume") + 1]
        self.last, self.usual = "Done.", (1_450, 120)

    def __enter__(self) -> "Play":
        self.line("system", subtype="init", session_id=self.session, model=MODEL, tools=[])
        return self

    def __exit__(self, kind: Any, *_: object) -> bool:
        if kind is None:
            self.end()
        is_interrupted = self.given is not None and kind is self.given.Interrupted
        if is_interrupted:
            self.end(subtype="error_during_execution", is_error=True)
        return is_interrupted

    def act(self, verb: str, *words: Any) -> None:
        getattr(self, verb)(*words)

    def confirm(self, text: str) -> None:
        self.print_text(f"I read this and go on: {text.splitlines()[-1]}")

    def print_text(self, text: str) -> None:
        self.last = text
        self.assistant({"type": "text", "text": text})
        time.sleep(0.3)

    def think(self, text: str) -> None:
        self.assistant({"type": "thinking", "thinking": text})
        time.sleep(0.2)

    def read(self, path: str) -> None:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        self.used_tool("Read", {"file_path": path}, text)

    def search(self, pattern: str) -> None:
        done = subprocess.run(["grep", "-rnI", pattern, "."], capture_output=True, text=True)
        self.used_tool("Grep", {"pattern": pattern}, done.stdout or "No matches found")

    def edit(self, path: str, old: str, new: str) -> None:
        with open(path, encoding="utf-8") as file:
            before = file.read()
        assert old in before, f"{path} has no {old!r}"
        after = before.replace(old, new, 1)
        with open(path, "w", encoding="utf-8") as file:
            file.write(after)
        given = {"file_path": path, "old_string": old, "new_string": new}
        self.used_tool("Edit", given, f"The file {path} has been updated.",
                       {"filePath": path, "structuredPatch": hunks(before, after)})  # fmt: skip

    def create(self, path: str, text: str) -> None:
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        details = {"type": "create", "filePath": path, "structuredPatch": hunks("", text)}
        self.used_tool("Write", {"file_path": path, "content": text}, "created", details)

    def note(self, text: str) -> None:
        with open("NOTES.md", "a+", encoding="utf-8") as file:
            file.seek(0)
            before = file.read()
        self.create("NOTES.md", f"{before}- {text.splitlines()[0]}\n")

    def run(self, command: str, seconds: float = 0.2) -> None:
        self.call("Bash", {"command": command})
        time.sleep(seconds)
        done = subprocess.run(
            ["bash", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.ran(done.stdout, done.returncode)

    def pretend(self, command: str, output: str, code: int = 0, seconds: float = 1.0) -> None:
        """A command that is not there, with what it would have said."""
        self.call("Bash", {"command": command})
        time.sleep(seconds)
        self.ran(output, code)

    def denied(self, command: str) -> None:
        self.call("Bash", {"command": command})
        self.result("This command requires approval", is_error=True)

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)

    def spend(self, taken: int, made: int) -> None:
        self.used = [self.used[0] + taken, self.used[1] + made]
        self.assistant({"type": "thinking", "thinking": "…"}, taken, made)

    def work(self, commands: "list[str]") -> None:
        """Goes on until somebody ends it, and uses little."""
        self.usual = (20, 10)
        while True:
            for command in commands:
                self.run(command, TICK)

    def ask(self, question: str, choices: "list[str] | None" = None) -> None:
        given: dict[str, Any] = {"question": question}
        if choices:
            given["choices"] = choices
        self.print_text(f"The answer is: {self.tool('ask_human', given)}")

    def progress(self, text: str) -> None:
        self.tool("progress", {"text": text})

    def limit(self, seconds: float) -> None:
        info = {"status": "rejected", "rateLimitType": "five_hour", "isUsingOverage": False,
                "resetsAt": int(time.time() + seconds)}  # fmt: skip
        self.line("rate_limit_event", rate_limit_info=info)
        self.failed("You've hit your session limit", 429)

    def refused(self) -> None:
        self.failed("Invalid API key · Fix external API key", 401)

    def fail(self) -> None:
        self.failed("I could not finish this.", None)

    def failed(self, text: str, status: "int | None") -> None:
        self.end(text, is_error=True, api_error_status=status)
        sys.exit(1)

    def words_of(self, thread: str) -> str:
        return "Changed as you say." if int(thread) % 2 else "You are right; done, with a test."

    def tool(self, name: str, arguments: "dict[str, Any]") -> str:
        """Calls one of Muster's own tools; what it answers."""
        self.call(f"mcp__muster__{name}", arguments)
        self.result(text := asked_of_muster(name, arguments))
        return text

    def used_tool(self, name: str, given: "dict[str, Any]", text: str, details: Any = None) -> None:
        self.call(name, given)
        time.sleep(0.2)
        self.result(text, details)

    def ran(self, output: str, code: int) -> None:
        if code:
            self.result(f"Exit code {code}\n{output}", is_error=True)
        else:
            self.result(output, {"stdout": output, "stderr": "", "interrupted": False})

    def call(self, name: str, given: "dict[str, Any]") -> None:
        self.assistant({"type": "tool_use", "id": f"toolu_{self.number}", "name": name,
                        "input": given})  # fmt: skip

    def result(self, text: str, details: Any = None, *, is_error: bool = False) -> None:
        block = {"type": "tool_result", "tool_use_id": f"toolu_{self.number}", "content": text,
                 "is_error": is_error}  # fmt: skip
        self.number += 1
        self.line("user", message={"role": "user", "content": [block]}, tool_use_result=details)

    def assistant(self, block: "dict[str, Any]", taken: int = 0, made: int = 0) -> None:
        for text in self.given.read_texts() if self.given else []:
            self.confirm(text)
        self.turns += 1
        taken, made = taken or self.usual[0], made or self.usual[1]
        used = {"input_tokens": taken, "cache_read_input_tokens": taken * 9, "output_tokens": made}
        message = {"id": f"msg_{self.turns}", "role": "assistant", "model": MODEL,
                   "content": [block], "usage": used}  # fmt: skip
        self.used = [self.used[0] + taken, self.used[1] + made]
        self.line("assistant", message=message)

    def end(self, text: str = "", **more: Any) -> None:
        taken, made = self.used
        used = {"inputTokens": taken, "cacheReadInputTokens": taken * 9, "outputTokens": made,
                "costUSD": round(taken * 6e-6 + made * 15e-6, 4)}  # fmt: skip
        about = {"subtype": "success", "is_error": False, "num_turns": self.turns,
                 "result": text or self.last, "modelUsage": {MODEL: used}, **more}  # fmt: skip
        self.line("result", session_id=self.session, **about)

    def line(self, kind: str, **fields: Any) -> None:
        write(json.dumps({"type": kind, **fields}) + "\n")


def hunks(before: str, after: str) -> "list[dict[str, Any]]":
    result: list[dict[str, Any]] = []
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=3)
    for line in list(lines)[2:]:
        if head := re.match(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", line):
            old, olds, new, news = (int(each or 1) for each in head.groups())
            result.append({"oldStart": old, "oldLines": olds, "newStart": new, "newLines": news,
                           "lines": []})  # fmt: skip
        else:
            result[-1]["lines"].append(line)
    return result


def asked_of_muster(name: str, arguments: "dict[str, Any]") -> str:
    config = json.loads(sys.argv[sys.argv.index("--mcp-config") + 1])
    server = config["mcpServers"]["muster"]
    pipe = subprocess.PIPE
    with subprocess.Popen([server["command"], *server["args"]], stdin=pipe, stdout=pipe) as tools:
        assert tools.stdin and tools.stdout  # noqa: PT018
        hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {}}
        call = {"name": name, "arguments": arguments}
        answer: dict[str, Any] = {}
        for number, (method, params) in enumerate([("initialize", hello), ("tools/call", call)]):
            request = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
            tools.stdin.write(json.dumps(request).encode() + b"\n")
            tools.stdin.flush()
            answer = json.loads(tools.stdout.readline())
    return str(answer["result"]["content"][0]["text"])


def terminal() -> None:
    """What people sit before: it answers every line, until `/exit`. A review it has read alone."""
    if THREAD.search(sys.argv[-1]):
        return
    write(
        "\033[38;5;173m✻\033[0m \033[1mWelcome to Claude Code\033[0m \033[2m(a stand-in)\033[0m\r\n"
    )
    write(f"\033[2m  {sys.argv[-1].splitlines()[0][:70]}\033[0m\r\n\r\n")
    while True:
        write("\033[36m\u276f\033[0m ")
        line = sys.stdin.readline()
        if not line or line.strip() == "/exit":
            return
        command = line.strip()
        if command.startswith("!"):
            done = subprocess.run(["bash", "-c", command[1:]], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True)  # fmt: skip
            write(done.stdout)
        elif command:
            write(f"\033[32m●\033[0m I heard “{command}”.\r\n")


def write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    main()
