import { Field } from '../../components/forms/Field'
import { strings } from '../../i18n'
import styles from './projects.module.css'

/** The pipeline as JSON, in the API's form. */
export function PipelineJson(props: {
  text: string
  onChange: (text: string) => void
  place: { line: number; column: number } | null
}) {
  const { text, onChange, place } = props
  return (
    <Field
      label={strings.projects.json}
      error={place ? strings.projects.notJson(place.line, place.column) : undefined}
    >
      <textarea
        className={`input mono ${styles.code}`}
        spellCheck={false}
        rows={Math.min(40, text.split('\n').length + 1)}
        value={text}
        onChange={(event) => onChange(event.target.value)}
      />
    </Field>
  )
}
