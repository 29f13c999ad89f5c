import { useDeferredValue, useState } from 'react'
import { warningText } from '../../api/problemText'
import { useDebounced } from '../../components/hooks/useDebounced'
import { strings } from '../../i18n'
import { formatPipeline, normalizeStages, parsePipeline, type Stage } from '../../lib/form/pipeline'
import { type Project, saveProject, useDryRun } from '../../queries/projects'
import { showErrorToast, showToast } from '../../state/toasts'

const DEBOUNCE_MILLISECONDS = 350

/** Holds a pipeline while you edit it: its stages, its text as JSON, and whether it is saved. */
export function usePipeline(project: Project, isJson: boolean) {
  // Null while nothing differs from what is saved.
  const [edited, setStages] = useState<Stage[] | null>(null)
  const stages = edited ?? project.pipeline
  // While you type, the text may not be valid JSON.
  const [text, setText] = useState<string | null>(null)
  const [isSaving, setSaving] = useState(false)
  const json = isJson ? (text ?? formatPipeline(stages)) : ''
  const write = (next: string) => {
    setText(next)
    const found = parsePipeline(next)
    if ('stages' in found) setStages(found.stages)
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
  return {
    stages,
    setStages,
    text: json,
    /** The stages in the text, or why it isn't valid JSON. */
    typed: isJson ? parsePipeline(json) : { stages },
    write,
    /** Discards text that isn't a valid pipeline. */
    dropText: () => setText(null),
    isChanged: edited !== null || text !== null,
    isSaving,
    reset,
    save,
  }
}

/** Returns a dry run of the stages with that description, and their errors. */
export function usePipelineCheck(project: Project, stages: Stage[] | null, sample: string) {
  const asked = useDebounced(
    useDeferredValue(stages && formatPipeline(normalizeStages(stages))),
    DEBOUNCE_MILLISECONDS,
  )
  const description = useDebounced(sample, DEBOUNCE_MILLISECONDS)
  const { data } = useDryRun(
    project.key,
    asked === null ? null : (JSON.parse(asked) as Stage[]),
    description || strings.projects.samplePlaceholder,
  )
  return { errors: data?.errors ?? {}, stages: data?.stages ?? [] }
}
