/** The display names of agents. */
const NAMES: Record<string, string> = {
  acp: 'ACP',
  opencode: 'OpenCode',
  custom: 'Custom',
}

export function agentName(type: string): string {
  return NAMES[type] ?? type.charAt(0).toUpperCase() + type.slice(1)
}
