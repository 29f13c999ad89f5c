import { strings } from '../../i18n'
import type { Stage } from '../../lib/form/pipeline'
import { AgentOptionFields } from './AgentOptionFields'
import type { SetStageField } from './GateFields'
import { NetworkFields } from './NetworkFields'
import styles from './projects.module.css'

/** Rarely used fields of a stage: its own network and agent options. */
export function AdvancedStageFields(props: {
  stage: Stage
  set: SetStageField
  wrong: (field: string) => string | undefined
}) {
  const { stage, set, wrong } = props
  const isSaid = stage.network !== undefined || Object.keys(stage.agentOptions ?? {}).length > 0
  return (
    <details className={styles.more} open={isSaid || undefined}>
      <summary>{strings.projects.more}</summary>
      <NetworkFields
        network={stage.network}
        inherits={strings.projects.inherited}
        error={wrong('network')}
        onChange={(network) => set('network', network)}
      />
      {stage.kind !== 'shell' && (
        <AgentOptionFields
          options={stage.agentOptions ?? {}}
          inherits={strings.projects.inherited}
          error={wrong('agentOptions')}
          onChange={(options) =>
            set('agentOptions', Object.keys(options).length > 0 ? options : undefined)
          }
        />
      )}
    </details>
  )
}
