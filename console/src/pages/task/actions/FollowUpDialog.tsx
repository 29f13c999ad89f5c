import { useState } from 'react'
import type { Schemas } from '../../../api/client'
import { asProblem, type Problem } from '../../../api/problem'
import { Button } from '../../../components/controls/Button'
import { Dialog } from '../../../components/dialogs/Dialog'
import { Field } from '../../../components/forms/Field'
import { ImageInput } from '../../../components/images/ImageInput'
import { type ImageUploads, useImageUploads } from '../../../components/images/useImageUploads'
import { strings } from '../../../i18n'
import { imageStrings } from '../../../i18n/images'
import { unsavedInputFor } from '../../../lib/form/unsavedInput'
import { restartableStages } from '../../../lib/task/restartStages'
import { useEvents } from '../../../queries/events'
import { useCreateFollowUp } from '../../../queries/followUps'
import { showToast } from '../../../state/toasts'
import { FollowUpList } from './FollowUpList'
import { followUpDraft } from './followUpDraft'

type Props = { task: Schemas['TaskDetail']; onClose: () => void }
const MAX_LENGTH = 20_000

/** A dialog for a follow-up: the instruction, the first stage, and when it starts. */
export default function FollowUpDialog({ task, onClose }: Props) {
  const draft = unsavedInputFor(followUpDraft(task.id))
  const [instruction, setInstruction] = useState(draft.read)
  const [fromStage, setFromStage] = useState(0)
  const [key] = useState(() => crypto.randomUUID())
  const uploads = useImageUploads(task.projectKey, task.images.length)
  const followUp = useCreateFollowUp(task.id)
  const problem = followUp.error ? asProblem(followUp.error) : null
  const send = () =>
    followUp.mutate(
      {
        instruction: instruction.trim(),
        fromStage,
        key,
        ...(uploads.ids.length > 0 && { imageIds: uploads.ids }),
      },
      {
        onSuccess: ({ round }) => {
          draft.save('')
          showToast(round === null ? strings.followUp.queued : strings.followUp.started(round))
          onClose()
        },
      },
    )
  const close = () => {
    if (!followUp.isPending) uploads.discard()
    onClose()
  }
  const isUnready = !instruction.trim() || uploads.isUploading || uploads.hasFailed
  return (
    <Dialog
      title={strings.followUp.title(task.id)}
      isOpen
      onClose={close}
      foot={
        <Button variant="main" disabled={isUnready || followUp.isPending} onClick={send}>
          {strings.followUp.send}
        </Button>
      }
    >
      <InstructionField
        text={instruction}
        uploads={uploads}
        error={problem ? errorText(problem) : undefined}
        onChange={(text) => {
          draft.save(text)
          setInstruction(text)
        }}
      />
      {task.pipeline.length > 1 && (
        <StageSelect task={task} stage={fromStage} onChange={setFromStage} />
      )}
      <p className="hint">{startText(task)}</p>
      <FollowUpList task={task} />
    </Dialog>
  )
}

/** The instruction, and its images. */
function InstructionField(props: {
  text: string
  uploads: ImageUploads
  error: string | undefined
  onChange: (text: string) => void
}) {
  const { text, uploads, error, onChange } = props
  return (
    <ImageInput uploads={uploads} error={uploads.hasFailed ? imageStrings().failed : undefined}>
      <Field label={strings.followUp.instruction} hint={strings.followUp.hint} error={error}>
        <textarea
          className="input"
          // biome-ignore lint/a11y/noAutofocus: the dialog has just opened for this field
          autoFocus
          rows={5}
          maxLength={MAX_LENGTH}
          value={text}
          onChange={({ target }) => onChange(target.value)}
        />
      </Field>
    </ImageInput>
  )
}

function StageSelect(props: {
  task: Schemas['TaskDetail']
  stage: number
  onChange: (stage: number) => void
}) {
  const { task, stage, onChange } = props
  const beginnings = restartableStages(task.pipeline.length, useEvents(task.id).data ?? [])
  return (
    <Field label={strings.followUp.from}>
      <select
        className="input"
        value={stage}
        onChange={({ target }) => onChange(Number(target.value))}
      >
        {task.pipeline.map(({ name }, index) => (
          <option key={name} value={index} disabled={!beginnings.includes(index)}>
            {name}
          </option>
        ))}
      </select>
    </Field>
  )
}

/** Returns when the follow-up starts. */
function startText(task: Schemas['TaskDetail']): string {
  const waiting = task.followUpsQueued
  if (task.status === 'failed' && waiting > 0) return strings.followUp.afterFailure(waiting)
  if (['completed', 'failed', 'cancelled'].includes(task.status)) return strings.followUp.startsNow
  if (waiting > 0)
    return `${strings.followUp.waitsItsTurn} ${strings.followUp.waitsBehind(waiting)}`
  const isBeforeStage =
    task.gate !== null && !['question', 'permission', 'budget'].includes(task.gate.kind)
  return isBeforeStage ? strings.followUp.withdrawsGate : strings.followUp.waitsItsTurn
}

function errorText({ code, detail, errors }: Problem): string {
  if (code === 'no_checkpoint') return strings.followUp.noCheckpoint
  return Object.values(errors)[0]?.[0] ?? detail
}
