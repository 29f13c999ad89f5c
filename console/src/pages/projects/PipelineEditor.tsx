import { useState } from 'react'
import { Button } from '../../components/controls/Button'
import { ErrorLine } from '../../components/forms/FormError'
import { useUrlSearch } from '../../components/hooks/useUrlSearch'
import { strings } from '../../i18n'
import {
  DEFAULT_PROMPT,
  pipelineErrors,
  type Stage,
  uniqueStageName,
} from '../../lib/form/pipeline'
import type { Project } from '../../queries/projects'
import { DryRun } from './DryRun'
import { PipelineJson } from './PipelineJson'
import styles from './projects.module.css'
import { StageForm } from './StageForm'
import { usePipeline, usePipelineCheck } from './usePipeline'
import { Variables } from './Variables'

type Errors = Record<string, string[]>

/** The editor of a pipeline, as a form or as JSON, with its errors and a dry run. */
export function PipelineEditor({ project, canChange }: { project: Project; canChange: boolean }) {
  const [{ as = 'form' }, change] = useUrlSearch<{ as?: string }>()
  const [sample, setSample] = useState('')
  const isJson = as === 'json'
  const pipeline = usePipeline(project, isJson)
  const { typed } = pipeline
  const check = usePipelineCheck(project, 'stages' in typed ? typed.stages : null, sample)
  const isWrong = !('stages' in typed) || Object.keys(check.errors).length > 0
  const show = (mode: string) => {
    pipeline.dropText()
    change({ as: mode })
  }
  return (
    <div className={styles.editor}>
      <fieldset className={styles.stages} disabled={!canChange}>
        <div className={styles.bar}>
          <h2>{strings.projects.stages}</h2>
          <ModeButtons mode={as} onShow={show} />
        </div>
        {isJson ? (
          <PipelineJson
            text={pipeline.text}
            onChange={pipeline.write}
            place={'stages' in typed ? null : typed}
          />
        ) : (
          <StageForms
            projectKey={project.key}
            stages={pipeline.stages}
            errors={check.errors}
            onChange={pipeline.setStages}
          />
        )}
        {linesOf(check.errors, isJson).map((line) => (
          <ErrorLine key={line} text={line} />
        ))}
        <Foot pipeline={pipeline} isWrong={isWrong} />
      </fieldset>
      <div className={styles.aside}>
        <DryRun stages={check.stages} sample={sample} onSample={setSample} />
        <Variables />
      </div>
    </div>
  )
}

function ModeButtons({ mode, onShow }: { mode: string; onShow: (mode: string) => void }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: two buttons of which one is pressed are not a fieldset
    <span className="join" role="group" aria-label={strings.projects.editor}>
      {(['form', 'json'] as const).map((one) => (
        <Button key={one} aria-pressed={one === mode} onClick={() => onShow(one)}>
          {strings.projects[one]}
        </Button>
      ))}
    </span>
  )
}

function StageForms(props: {
  projectKey: string
  stages: Stage[]
  errors: Errors
  onChange: (stages: Stage[]) => void
}) {
  const { stages, errors, onChange } = props
  const added = () => ({ name: uniqueStageName(stages, 'stage'), command: DEFAULT_PROMPT })
  return (
    <>
      <ol className={styles.list}>
        {stages.map((stage, place) => (
          <StageForm
            key={place}
            projectKey={props.projectKey}
            stage={stage}
            place={place}
            count={stages.length}
            errors={errors}
            onChange={(next) => onChange(stages.map((one, at) => (at === place ? next : one)))}
            onMove={onChange}
            stages={stages}
          />
        ))}
      </ol>
      <Button onClick={() => onChange([...stages, added()])}>{strings.projects.addStage}</Button>
    </>
  )
}

/** Returns the lines of the error list: all errors for JSON; for a form, those without a field. */
function linesOf(errors: Errors, isJson: boolean): string[] {
  if (!isJson) return pipelineErrors(errors)
  return Object.entries(errors).map(
    ([field, found]) => `${field}${strings.common.separators.colon}${found.join(' ')}`,
  )
}

function Foot(props: { pipeline: ReturnType<typeof usePipeline>; isWrong: boolean }) {
  const { isChanged, isSaving, reset, save } = props.pipeline
  const { isWrong } = props
  return (
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
  )
}
