import { useDeferredValue, useState } from 'react'
import { newName, otherFaults, read, type Stage, tidied, written } from '../../lib/pipeline'
import { type Project, saveProject, useRehearsal } from '../../queries/projects'
import { Button } from '../../ui/Button'
import { warningOf } from '../../ui/detail'
import { ErrorLine } from '../../ui/FormError'
import { say, sayBroken } from '../../ui/toasts'
import { useSettled } from '../../ui/useSettled'
import { useUrl } from '../../ui/useUrl'
import { words } from '../../words'
import { DryRun } from './DryRun'
import { PipelineJson } from './PipelineJson'
import styles from './projects.module.css'
import { StageForm } from './StageForm'
import { Variables } from './Variables'

const SETTLED_MILLISECONDS = 350

/** The stages, as a form or as JSON, with what is wrong with them and what they would run. */
export function PipelineEditor({ project, mayChange }: { project: Project; mayChange: boolean }) {
  const [{ as = 'form' }, change] = useUrl<{ as?: string }>()
  // Null while nothing is other than what is saved.
  const [edited, setStages] = useState<Stage[] | null>(null)
  const stages = edited ?? project.pipeline
  // What is typed as JSON may be none for a while.
  const [text, setText] = useState<string | null>(null)
  const [sample, setSample] = useState('')
  const [isSaving, setSaving] = useState(false)
  const isJson = as === 'json'
  const shown = isJson ? (text ?? written(stages)) : ''
  const typed = isJson ? read(shown) : { stages }
  const asked = useSettled(
    useDeferredValue('stages' in typed ? written(tidied(typed.stages)) : null),
    SETTLED_MILLISECONDS,
  )
  const description = useSettled(sample, SETTLED_MILLISECONDS)
  const { data: told } = useRehearsal(
    project.key,
    asked === null ? null : (JSON.parse(asked) as Stage[]),
    description || words.projects.samplePlaceholder,
  )
  const faults = told?.faults ?? {}
  const isWrong = !('stages' in typed) || Object.keys(faults).length > 0
  const isChanged = edited !== null || text !== null

  const put = (place: number, stage: Stage) =>
    setStages(stages.map((one, at) => (at === place ? stage : one)))
  const write = (next: string) => {
    setText(next)
    const found = read(next)
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
      const [warning] = await saveProject(project.key, { pipeline: tidied(stages) })
      say(warning ? words.projects.savedBut(warningOf(warning)) : words.projects.saved)
      reset()
    } catch (error) {
      sayBroken(error)
    } finally {
      setSaving(false)
    }
  }
  return (
    <div className={styles.editor}>
      <fieldset className={styles.stages} disabled={!mayChange}>
        <div className={styles.bar}>
          <h2>{words.projects.stages}</h2>
          {/* biome-ignore lint/a11y/useSemanticElements: two buttons, of which one is pressed */}
          <span className="join" role="group" aria-label={words.projects.editor}>
            {(['form', 'json'] as const).map((mode) => (
              <Button key={mode} aria-pressed={mode === as} onClick={() => show(mode)}>
                {words.projects[mode]}
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
                  faults={faults}
                  onChange={(next) => put(place, next)}
                  onMove={setStages}
                  stages={stages}
                />
              ))}
            </ol>
            <Button
              onClick={() =>
                setStages([...stages, { name: newName(stages, 'stage'), command: '{description}' }])
              }
            >
              {words.projects.addStage}
            </Button>
          </>
        )}
        {isJson && <Faults faults={faults} />}
        {!isJson && otherFaults(faults).map((one) => <ErrorLine key={one} text={one} />)}
        <div className={styles.foot}>
          <Button look="main" disabled={isWrong || !isChanged || isSaving} onClick={save}>
            {words.projects.savePipeline}
          </Button>
          {isChanged && <Button onClick={reset}>{words.projects.reset}</Button>}
          <span className="hint" role="status">
            {isWrong ? words.projects.isWrong : isChanged && words.projects.isRight}{' '}
            {words.projects.tasksKeep}
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

function Faults({ faults }: { faults: Record<string, string[]> }) {
  return Object.entries(faults).map(([field, found]) => (
    <ErrorLine key={field} text={`${field}: ${found.join(' ')}`} />
  ))
}
