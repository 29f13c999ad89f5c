"""Qwen Code. Its output isn't read: with JSON output it exits with 0 whatever its server
responds.
"""

from muster.worker.agents.adapters.adapter import Adapter, Permission

QWEN = Adapter(
    name="qwen",
    binary="qwen",
    min_version="0.15.10",
    headless=("qwen", "{options}", "{session}", "--prompt={text}"),
    terminal=("qwen", "{options}", "{session}", "--prompt-interactive={text}"),
    permissions={
        "edit": Permission(arguments=("--approval-mode", "auto-edit")),
        "run": Permission(
            arguments=("--approval-mode", "auto-edit", "--allowed-tools=run_shell_command")
        ),
        "all": Permission(arguments=("--approval-mode", "yolo")),
    },
    model=("--model", "{model}"),
    allowed_tool=("--allowed-tools={tool}",),
    session=("--resume", "{id}"),
    latest=("--continue",),
    hosts=("*.aliyuncs.com", "chat.qwen.ai", "portal.qwen.ai"),
    keys=("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_MODEL"),
)
