/** The tools that Muster gives to agents (muster/worker/agents/mcp_server). */
export const MUSTER_TOOLS = ['ask_human', 'progress', 'reply_comment']

const NAMES = MUSTER_TOOLS.join('|')
/** `mcp__muster__progress` (Claude Code), `muster.progress` (Codex), `muster_progress` (opencode),
 *  `mcp_muster_progress` and `progress (muster MCP Server)` (Gemini and similar agents). */
const TOOL_NAME = new RegExp(
  `^(?:(?:mcp__?)?muster(?:__?|\\.|/)(?:${NAMES})|(?:${NAMES}) \\(muster MCP Server\\))$`,
)

/** Whether a tool belongs to the MCP server `muster`, in any agent's notation. */
export function isMusterTool(tool: string): boolean {
  return TOOL_NAME.test(tool)
}
