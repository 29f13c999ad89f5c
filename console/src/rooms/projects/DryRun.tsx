import type { Schemas } from '../../api/client'
import { seen } from '../../lib/seen'
import { Field } from '../../ui/Field'
import { words } from '../../words'
import styles from './projects.module.css'

/** What each stage would be given for a description. */
export function DryRun(props: {
  stages: Schemas['DryRunStage'][]
  sample: string
  onSample: (text: string) => void
}) {
  const { stages, sample, onSample } = props
  return (
    <section aria-labelledby="dry-run">
      <h2 id="dry-run">{words.projects.dryRun}</h2>
      <p className="hint">{words.projects.dryRunWhat}</p>
      <Field label={words.projects.sample}>
        <textarea
          className="input"
          placeholder={words.projects.samplePlaceholder}
          value={sample}
          onChange={(event) => onSample(event.target.value)}
        />
      </Field>
      <ol className={styles.filled}>
        {stages.map((stage) => (
          <li key={stage.name}>
            <h3>
              {stage.name} <span className="dim">{words.projects.kinds[stage.kind]}</span>
            </h3>
            {stage.gate && (
              <p className="soft">{seen(words.projects.asksFirst(stage.gate.prompt))}</p>
            )}
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so a key has to get there */}
            <pre className={styles.text} tabIndex={0}>
              {seen(stage.text)}
            </pre>
            {stage.kind === 'shell' && <p className="hint">{words.projects.scriptAsIs}</p>}
            {stage.kind === 'agent' && stage.text.includes('{input}') && (
              <p className="hint">{words.projects.unknownInput}</p>
            )}
          </li>
        ))}
      </ol>
    </section>
  )
}
