"""An agent made with the official package: its prompt names its actions.

`python scripted_agent.py DIRECTORY` stores its sessions in the directory, one file each.
"""

import asyncio
import gc
import os
import signal
import sys
import uuid
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic._internal import _fields

# Half of the start is spent on what no action uses: the package has 280 models, and looks for each
# one's descriptions in its own source.
gc.disable()
BaseModel.model_config["defer_build"] = True
_fields._update_fields_from_docstrings = lambda *_, **__: None

import acp  # noqa: E402
from acp import helpers, schema  # noqa: E402

KEPT = Path(sys.argv[1])


class ScriptedAgent:
    def __init__(self) -> None:
        self._client: Any = None
        self._servers: list[Any] = []
        self._session, self._at = "", ""
        self._cancelled = asyncio.Event()

    def on_connect(self, conn: Any) -> None:
        self._client = conn

    async def initialize(self, protocol_version: int, **_: Any) -> schema.InitializeResponse:
        return schema.InitializeResponse(
            protocol_version=int(os.environ.get("VERSION", protocol_version)),
            agent_capabilities=schema.AgentCapabilities(load_session="FORGETS" not in os.environ),
            agent_info=schema.Implementation(name=os.environ.get("NAME", "scripted"), version="1"),
        )

    async def new_session(self, cwd: str, mcp_servers: Any = None, **_: Any) -> Any:
        self._at, self._servers = cwd, mcp_servers
        self._session = str(uuid.uuid4())
        return schema.NewSessionResponse(session_id=self._session)

    async def load_session(
        self, cwd: str, session_id: str, mcp_servers: Any = None, **_: Any
    ) -> Any:
        self._at, self._session, self._servers = cwd, session_id, mcp_servers
        for line in (KEPT / session_id).read_text().splitlines():
            await self._send_text(helpers.update_user_message_text(line))
            await self._send_text(helpers.update_agent_message_text("I did so."))
        return schema.LoadSessionResponse()

    async def prompt(self, session_id: str, prompt: list[Any], **_: Any) -> Any:
        text = prompt[0].text
        done = await getattr(self, text.split()[0])()
        with (KEPT / session_id).open("a") as file:
            file.write(f"{text}\n")
        used = schema.Usage(
            total_tokens=90, input_tokens=50, output_tokens=10, thought_tokens=5,
            cached_read_tokens=25, cached_write_tokens=0,
        )  # fmt: skip
        return schema.PromptResponse(stop_reason=done or "end_turn", usage=used)

    async def cancel(self, session_id: str, **_: Any) -> None:
        self._cancelled.set()

    # ---- actions

    async def repair(self) -> None:
        path = f"{self._at}/a.py"
        await self._send_text(helpers.update_agent_thought_text("Let me "))
        await self._send_text(helpers.update_agent_thought_text("see."))
        await self._send_text(helpers.update_plan([helpers.plan_entry("mend it")]))
        old = (await self._client.read_text_file(self._session, path)).content
        edit = helpers.tool_diff_content(path, "one\nthree\n", old)
        if await self._ask_permission("c-1", "edit", "Edit a.py", content=[edit]):
            await self._client.write_text_file(self._session, path, "one\nthree\n")
            await self._end("c-1", content=[edit])
        if await self._ask_permission(
            "c-2", "execute", "cat a.py", raw_input={"command": "cat a.py"}
        ):
            await self._end("c-2", raw_output={"output": "one\nthree\n", "exit_code": 0})
        await self._send_text(helpers.update_agent_message_text("Men"))
        await self._send_text(helpers.update_agent_message_text("ded."))

    async def read_foreign_files(self) -> None:
        """Read files outside its workspace, and things that aren't files."""
        os.mkfifo(f"{self._at}/pipe")
        os.symlink("/etc", f"{self._at}/etc")
        for path in ("/etc/passwd", "a.py", "etc/passwd", "pipe", "none"):
            whole = path if path in ("/etc/passwd", "a.py") else f"{self._at}/{path}"
            await self._try(path, self._client.read_text_file(self._session, whole))
        write = self._client.write_text_file(self._session, f"{self._at}/etc/new", "x")
        await self._try("write", write)
        made = self._client.create_terminal(command="true", session_id=self._session)
        await self._try("terminal", made)
        lines = await self._client.read_text_file(self._session, f"{self._at}/a.py", 2, 1)
        await self._send_text(helpers.update_agent_message_text(f"line 2: {lines.content!r}"))

    async def serve(self) -> None:
        servers = [
            f"{each.name}: {each.command} {each.args} "
            + " ".join(f"{variable.name}={variable.value}" for variable in each.env)
            for each in self._servers
        ]
        await self._send_text(helpers.update_agent_message_text("; ".join(servers)))

    async def refuse(self) -> str:
        return "refusal"

    async def login(self) -> None:
        raise acp.RequestError.auth_required()

    async def limit(self) -> None:
        raise acp.RequestError(-32603, "Too many requests, try again in 30 s")

    async def wait(self) -> str:
        await self._ask_permission("c-1", "execute", "sleep")
        await self._send_text(helpers.update_agent_message_text("Waiting."))
        await self._cancelled.wait()
        return "cancelled"

    async def stay(self) -> None:
        """Behind its answer it does not end."""
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        STAYS.append(True)

    async def die(self) -> None:
        os._exit(0)

    # ---- how

    async def _send_text(self, update: Any) -> None:
        await self._client.session_update(self._session, update)

    async def _ask_permission(self, call: str, kind: Any, title: str, **more: Any) -> bool:
        begun = helpers.start_tool_call(call, title, kind=kind, status="pending", **more)
        await self._send_text(begun)
        asked = schema.ToolCallUpdate(tool_call_id=call, title=title)
        options = [
            schema.PermissionOption(option_id="always", name="Always", kind="allow_always"),
            schema.PermissionOption(option_id="yes", name="Yes", kind="allow_once"),
            schema.PermissionOption(option_id="no", name="No", kind="reject_once"),
        ]
        answer = await self._client.request_permission(self._session, asked, options)
        is_allowed = getattr(answer.outcome, "option_id", "no") != "no"
        if not is_allowed:
            await self._end(call, status="failed")
        return is_allowed

    async def _end(self, call: str, status: Any = "completed", **more: Any) -> None:
        await self._send_text(helpers.update_tool_call(call, status=status, **more))

    async def _try(self, what: str, asking: Any) -> None:
        try:
            await asking
            outcome = "done"
        except acp.RequestError as error:
            outcome = str(error)
        await self._send_text(helpers.update_agent_message_text(f"{what}: {outcome}\n"))


STAYS: list[bool] = []


async def main() -> None:
    agent: Any = ScriptedAgent()
    await acp.run_agent(agent)
    while STAYS:
        await asyncio.sleep(0.1)


if __name__ == "__main__":
    asyncio.run(main())
