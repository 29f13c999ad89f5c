import type { ComponentProps } from 'react'
import { useId } from 'react'
import { useAgents } from '../../queries/projects'

/** A text field for an agent type, with those that machines have as suggestions. */
export function AgentTypeInput(props: ComponentProps<'input'>) {
  const list = useId()
  const agents = useAgents()?.filter(({ healthyCount }) => healthyCount > 0) ?? []
  return (
    <>
      <input
        {...props}
        className="input mono"
        name="agentType"
        list={list}
        autoComplete="off"
        spellCheck={false}
        required
      />
      <datalist id={list}>
        {agents.map(({ type }) => (
          <option key={type} value={type} />
        ))}
      </datalist>
    </>
  )
}
