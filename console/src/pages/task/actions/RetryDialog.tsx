import { useState } from 'react'
import type { Schemas } from '../../../api/client'
import { asProblem } from '../../../api/problem'
import { problemText } from '../../../api/problemText'
import { Button } from '../../../components/controls/Button'
import { Dialog } from '../../../components/dialogs/Dialog'
import { strings } from '../../../i18n'
import { defaultRestartStage, restartableStages } from '../../../lib/task/restartStages'
import { useEvents } from '../../../queries/events'
import { useRetryTask } from '../../../queries/task'
import { StagePicker } from './StagePicker'

type Props = { task: Schemas['TaskDetail']; onClose: () => void }

export default function RetryDialog({ task, onClose }: Props) {
  const events = useEvents(task.id).data ?? []
  const beginnings = restartableStages(task.pipeline.length, events)
  const [from, setFrom] = useState(() => defaultRestartStage(beginnings, task.failure?.stageIndex))
  const retry = useRetryTask(task.id)
  const problem = retry.error && asProblem(retry.error)
  const stage = task.pipeline[from]?.name ?? ''
  return (
    <Dialog
      title={strings.task.retryFrom}
      isOpen
      onClose={onClose}
      foot={
        <Button
          variant="main"
          disabled={retry.isPending}
          onClick={() => retry.mutate(from, { onSuccess: onClose })}
        >
          {strings.task.retryFromStage(stage)}
        </Button>
      }
    >
      <StagePicker task={task} stage={from} beginnings={beginnings} onChange={setFrom} />
      <p className="hint">{strings.task.retryWhy}</p>
      {problem && (
        <p className="error" role="alert">
          {problem.code === 'no_checkpoint' ? strings.task.noCheckpoint : problemText(problem)}
        </p>
      )}
    </Dialog>
  )
}
