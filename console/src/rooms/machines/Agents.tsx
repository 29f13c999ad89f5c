import { agentName } from '../../lib/agents'
import { agentsOf, type Capability, isAgentUnwell, type Machine, versionOf } from '../../lib/fleet'
import { clock } from '../../lib/times'
import { useNow } from '../../ui/useNow'
import { locale, words } from '../../words'
import { MachineMark } from './MachineMark'
import styles from './machines.module.css'

/** The agents that are installed, how they fare, and why not. */
export function Agents({ machine }: { machine: Pick<Machine, 'capabilities'> }) {
  const now = useNow()
  const agents = agentsOf(machine)
  if (agents.length === 0) return <span className="dim">{words.machines.noAgents}</span>
  return (
    <span className={styles.agents}>
      {agents.map((agent) => (
        <span key={agent.agentType}>
          <MachineMark standing={isAgentUnwell(agent, now) ? 'unwell' : 'online'} />{' '}
          {agentName(agent.agentType)} <span className="dim">{versionOf(agent.version)}</span>
        </span>
      ))}
      {agents
        .filter((agent) => isAgentUnwell(agent, now))
        .map((agent) => (
          <span key={`why-${agent.agentType}`} className={styles.why}>
            {whyOf(agent)}
          </span>
        ))}
    </span>
  )
}

function whyOf({ agentType, reason, degradedUntil }: Capability): string {
  const { agentReasons, agentIsUnwell, triedAgain } = words.machines
  const said = agentReasons[reason ?? 'unknown'] ?? reason ?? ''
  const again = degradedUntil ? triedAgain(clock(new Date(degradedUntil), locale)) : ''
  return agentIsUnwell(agentName(agentType), said) + again
}

/** How far it contains attempts, and what it lacks for more. */
export function RoomLine({ machine }: { machine: Machine }) {
  const { room } = machine
  if (room === null) return <span className="dim">{words.machines.roomUntold}</span>
  return (
    <>
      {words.machines.rooms[room.level] ?? room.level}{' '}
      <span className="dim">{room.lacks.join('; ')}</span>
    </>
  )
}
