import type { Schemas } from '../../api/client'
import { Field } from '../../components/forms/Field'
import { strings } from '../../i18n'
import { revealInvisible } from '../../lib/format/invisibleChars'
import styles from './projects.module.css'

/** A preview of what each stage would get for a description. */
export function DryRun(props: {
  stages: Schemas['DryRunStage'][]
  sample: string
  onSample: (text: string) => void
}) {
  const { stages, sample, onSample } = props
  return (
    <section aria-labelledby="dry-run">
      <h2 id="dry-run">{strings.projects.dryRun}</h2>
      <p className="hint">{strings.projects.dryRunWhat}</p>
      <Field label={strings.projects.sample}>
        <textarea
          className="input"
          placeholder={strings.projects.samplePlaceholder}
          value={sample}
          onChange={(event) => onSample(event.target.value)}
        />
      </Field>
      <ol className={styles.filled}>
        {stages.map((stage) => (
          <li key={stage.name}>
            <h3>
              {stage.name} <span className="dim">{strings.projects.kinds[stage.kind]}</span>
            </h3>
            {stage.gate && (
              <p className="soft">
                {revealInvisible(strings.projects.asksFirst(stage.gate.prompt))}
              </p>
            )}
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: focusable so that a keyboard can scroll it */}
            <pre className={styles.text} tabIndex={0}>
              {revealInvisible(stage.text)}
            </pre>
            {stage.onFailure && (
              <p className="soft">
                {strings.projects.goesBack(stage.onFailure.to, stage.onFailure.times)}
              </p>
            )}
            {stage.kind === 'shell' && <p className="hint">{strings.projects.scriptAsIs}</p>}
            {stage.kind === 'agent' && stage.text.includes('{input}') && (
              <p className="hint">{strings.projects.unknownInput}</p>
            )}
          </li>
        ))}
      </ol>
    </section>
  )
}
