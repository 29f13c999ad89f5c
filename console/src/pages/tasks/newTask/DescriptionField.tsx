import { type Ref, useId, useState } from 'react'
import { Button } from '../../../components/controls/Button'
import { ImageInput } from '../../../components/images/ImageInput'
import type { ImageUploads } from '../../../components/images/useImageUploads'
import { LazyMarkdown } from '../../../components/markdown/LazyMarkdown'
import { strings } from '../../../i18n'
import { useProject } from '../../../queries/projects'
import { showUndoToast } from '../../../state/toasts'
import styles from './NewTask.module.css'

type Props = {
  ref: Ref<HTMLTextAreaElement>
  text: string
  projectKey: string
  uploads: ImageUploads
  error: string | undefined
  imageError: string | undefined
  onChange: (text: string) => void
  onSubmit: () => void
}

/** The description, as text or as a preview, with the project's templates. */
export function DescriptionField(props: Props) {
  const { ref, text, projectKey, error, onChange, onSubmit } = props
  const [isPreview, preview] = useState(false)
  const id = useId()
  const describedBy = [`${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ')
  return (
    <div className="field">
      <div className={`row wrap ${styles.head}`}>
        <label htmlFor={id} className="label grow">
          {strings.newTask.description}
        </label>
        <Templates projectKey={projectKey} text={text} onChange={onChange} />
        <Button
          variant="quiet"
          size="tiny"
          aria-pressed={isPreview}
          onClick={() => preview(!isPreview)}
        >
          {isPreview ? strings.newTask.write : strings.newTask.preview}
        </Button>
      </div>
      {isPreview && (
        <div className={styles.preview}>
          {text.trim() ? (
            <LazyMarkdown text={text} />
          ) : (
            <p className="dim">{strings.newTask.nothingToSee}</p>
          )}
        </div>
      )}
      <ImageInput uploads={props.uploads} error={props.imageError}>
        <textarea
          ref={ref}
          id={id}
          className={`input ${styles.text}`}
          hidden={isPreview}
          rows={9}
          maxLength={20_000}
          value={text}
          aria-describedby={describedBy}
          aria-invalid={error ? true : undefined}
          onChange={(event) => onChange(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && (event.metaKey || event.ctrlKey)) onSubmit()
          }}
        />
      </ImageInput>
      <span className="hint" id={`${id}-hint`}>
        {strings.newTask.descriptionHint}
      </span>
      {error && (
        <span className="error" id={`${id}-error`} role="alert">
          {error}
        </span>
      )}
    </div>
  )
}

type TemplatesProps = { projectKey: string; text: string; onChange: (text: string) => void }

/** The project's templates for descriptions. */
function Templates({ projectKey, text, onChange }: TemplatesProps) {
  const templates = useProject(projectKey).data?.templates ?? []
  if (templates.length === 0) return null
  const use = (name: string) => {
    const found = templates.find((template) => template.name === name)
    if (!found) return
    onChange(found.text)
    if (text.trim()) showUndoToast(strings.newTask.templateUsed(name), () => onChange(text))
  }
  return (
    <select
      className={`input ${styles.template}`}
      aria-label={strings.newTask.template}
      value=""
      onChange={(event) => use(event.target.value)}
    >
      <option value="">{strings.newTask.chooseTemplate}</option>
      {templates.map(({ name }) => (
        <option key={name}>{name}</option>
      ))}
    </select>
  )
}
