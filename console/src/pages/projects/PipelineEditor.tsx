import { useDeferredValue, useState } from 'react'
import { warningText } from '../../api/problemText'
import { Button } from '../../components/controls/Button'
import { ErrorLine } from '../../components/forms/FormError'
import { useDebounced } from '../../components/hooks/useDebounced'
import { useUrlSearch } from '../../components/hooks/useUrlSearch'
import { strings } from '../../i18n'
import {
  formatPipeline,
  normalizeStages,
  parsePipeline,
  pipelineErrors,
  type Stage,
  uniqueStageName,
} from '../../lib/form/pipeline'
import { type Project, saveProject, useDryRun } from '../../queries/projects'
import { showErrorToast, showToast } from '../../state/toasts'
import { DryRun } from './DryRun'
import { PipelineJson } from './PipelineJson'
import styles from './projects.module.css'
import { StageForm } from './StageForm'
import { Variables } from './Variables'

const DEBOUNCE_MILLISECONDS = 350

/** The stages, as a form or as JSON, with what is wrong with them and what they would run. */
export function PipelineEditor({ project, canChange }: { project: Project; canChange: boolean }) {
  const [{ as = 'form' }, change] = useUrlSearch<{ as?: string }>()
  // Null while nothing is other than what is saved.
  const [edited, setStages] = useState<Stage[] | null>(null)
  const stages = edited ?? project.pipeline
  // What is typed as JSON may be none for a while.
  const [text, setText] = useState<string | null>(null)
  const [sample, setSample] = useState('')
  const [isSaving, setSaving] = useState(false)
  const isJson = as === 'json'
  const shown = isJson ? (text ?? formatPipeline(stages)) : ''
  const typed = isJson ? parsePipeline(shown) : { stages }
  const asked = useDebounced(
    useDeferredValue('stages' in typed ? formatPipeline(normalizeStages(typed.stages)) : null),
    DEBOUNCE_MILLISECONDS,
  )
  const description = useDebounced(sample, DEBOUNCE_MILLISECONDS)
  const { data: told } = useDryRun(
    project.key,
    asked === null ? null : (JSON.parse(asked) as Stage[]),
    description || strings.projects.samplePlaceholder,
  )
  const errors = told?.errors ?? {}
  const isWrong = !('stages' in typed) || Object.keys(errors).length > 0
  const isChanged = edited !== null || text !== null

  const replaceStage = (place: number, stage: Stage) =>
    setStages(stages.map((one, at) => (at === place ? stage : one)))
  const write = (next: string) => {
    setText(next)
    const found = parsePipeline(next)
    if ('stages' in found) setStages(found.stages)
  }
  const show = (mode: string) => {
    setText(null)
    change({ as: mode })
  }
  const reset = () => {
    setStages(null)
    setText(null)
  }
  const save = async () => {
    setSaving(true)
    try {
      const [warning] = await saveProject(project.key, { pipeline: normalizeStages(stages) })
      showToast(warning ? strings.projects.savedBut(warningText(warning)) : strings.projects.saved)
      reset()
    } catch (error) {
      showErrorToast(error)
    } finally {
      setSaving(false)
    }
  }
  return (
    <div className={styles.editor}>
      <fieldset className={styles.stages} disabled={!canChange}>
        <div className={styles.bar}>
          <h2>{strings.projects.stages}</h2>
          {/* biome-ignore lint/a11y/useSemanticElements: two buttons, of which one is pressed */}
          <span className="join" role="group" aria-label={strings.projects.editor}>
            {(['form', 'json'] as const).map((mode) => (
              <Button key={mode} aria-pressed={mode === as} onClick={() => show(mode)}>
                {strings.projects[mode]}
              </Button>
            ))}
          </span>
        </div>
        {isJson ? (
          <PipelineJson text={shown} onChange={write} place={'stages' in typed ? null : typed} />
        ) : (
          <>
            <ol className={styles.list}>
              {stages.map((stage, place) => (
                <StageForm
                  key={place}
                  stage={stage}
                  place={place}
                  count={stages.length}
                  errors={errors}
                  onChange={(next) => replaceStage(place, next)}
                  onMove={setStages}
                  stages={stages}
                />
              ))}
            </ol>
            <Button
              onClick={() =>
                setStages([
                  ...stages,
                  { name: uniqueStageName(stages, 'stage'), command: '{description}' },
                ])
              }
            >
              {strings.projects.addStage}
            </Button>
          </>
        )}
        {isJson && <PipelineErrors errors={errors} />}
        {!isJson && pipelineErrors(errors).map((one) => <ErrorLine key={one} text={one} />)}
        <div className={styles.foot}>
          <Button variant="main" disabled={isWrong || !isChanged || isSaving} onClick={save}>
            {strings.projects.savePipeline}
          </Button>
          {isChanged && <Button onClick={reset}>{strings.projects.reset}</Button>}
          <span className="hint" role="status">
            {isWrong ? strings.projects.isWrong : isChanged && strings.projects.isRight}{' '}
            {strings.projects.tasksKeep}
          </span>
        </div>
      </fieldset>
      <div className={styles.aside}>
        <DryRun stages={told?.stages ?? []} sample={sample} onSample={setSample} />
        <Variables />
      </div>
    </div>
  )
}

function PipelineErrors({ errors }: { errors: Record<string, string[]> }) {
  return Object.entries(errors).map(([field, found]) => (
    <ErrorLine key={field} text={`${field}: ${found.join(' ')}`} />
  ))
}
