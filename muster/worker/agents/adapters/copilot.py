"""GitHub's Copilot CLI."""

from muster.worker.agents.adapters.adapter import Adapter, Permission

COPILOT = Adapter(
    name="copilot",
    binary="copilot",
    min_version="1.0.102",
    headless=("copilot", "--no-ask-user", "{options}", "{session}", "--prompt={text}"),
    terminal=("copilot", "{options}", "{session}", "--interactive={text}"),
    permissions={
        "edit": Permission(arguments=("--allow-tool=write",)),
        "run": Permission(arguments=("--allow-tool=write", "--allow-tool=shell")),
        "all": Permission(arguments=("--allow-all",)),
    },
    model=("--model", "{model}"),
    allowed_tool=("--allow-tool={tool}",),
    session=("--resume={id}",),
    latest=("--continue",),
    hosts=("*.githubcopilot.com", "api.github.com", "github.com"),
    keys=("COPILOT_GITHUB_TOKEN", "COPILOT_PROVIDER_API_KEY", "COPILOT_PROVIDER_BASE_URL"),
    environment={"COPILOT_AUTO_UPDATE": "false"},
)
