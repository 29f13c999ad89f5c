import { useNow } from '../../components/hooks/useNow'
import { MachineStatusIcon } from '../../components/status/MachineStatus'
import { locale, strings } from '../../i18n'
import { agentName } from '../../lib/format/agentNames'
import { formatTime } from '../../lib/format/times'
import {
  agentsOf,
  type Capability,
  isAgentUnhealthy,
  type Machine,
  versionOf,
} from '../../lib/machine/machines'
import styles from './machines.module.css'

/** The installed agents, with the reason for each unhealthy one. */
export function Agents({ machine }: { machine: Pick<Machine, 'capabilities'> }) {
  const now = useNow()
  const agents = agentsOf(machine)
  if (agents.length === 0) return <span className="dim">{strings.machines.noAgents}</span>
  return (
    <span className={styles.agents}>
      {agents.map((agent) => (
        <span key={agent.agentType}>
          <MachineStatusIcon standing={isAgentUnhealthy(agent, now) ? 'unhealthy' : 'online'} />{' '}
          {agentName(agent.agentType)} <span className="dim">{versionOf(agent.version)}</span>
        </span>
      ))}
      {agents
        .filter((agent) => isAgentUnhealthy(agent, now))
        .map((agent) => (
          <span key={`why-${agent.agentType}`} className={styles.why}>
            {unhealthyReason(agent)}
          </span>
        ))}
    </span>
  )
}

function unhealthyReason({ agentType, reason, degradedUntil }: Capability): string {
  const { agentReasons, agentIsUnhealthy, triedAgain } = strings.machines
  const problem = agentReasons[reason ?? 'unknown'] ?? reason ?? ''
  const again = degradedUntil ? triedAgain(formatTime(new Date(degradedUntil), locale)) : ''
  return agentIsUnhealthy(agentName(agentType), problem) + again
}

/** The machine's sandbox level, and what is missing for a higher one. */
export function SandboxLine({ machine }: { machine: Machine }) {
  const { sandbox } = machine
  if (sandbox === null) return <span className="dim">{strings.machines.sandboxUnknown}</span>
  return (
    <>
      {strings.machines.sandboxes[sandbox.level] ?? sandbox.level}{' '}
      <span className="dim">{sandbox.missing.join('; ')}</span>
    </>
  )
}
