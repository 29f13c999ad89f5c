import { useState } from 'react'
import type { Schemas } from '../../../api/client'
import { asProblem } from '../../../api/problem'
import { beginningsOf, likeliest } from '../../../lib/beginnings'
import { useEvents } from '../../../queries/events'
import { useRetry } from '../../../queries/task'
import { Button } from '../../../ui/Button'
import { Dialog } from '../../../ui/Dialog'
import { detailOf } from '../../../ui/detail'
import { words } from '../../../words'
import { FromStage } from './FromStage'

type Props = { task: Schemas['TaskDetail']; onClose: () => void }

export default function RetryDialog({ task, onClose }: Props) {
  const events = useEvents(task.id).data ?? []
  const beginnings = beginningsOf(task.pipeline.length, events)
  const [from, setFrom] = useState(() => likeliest(beginnings, task.failure?.stageIndex))
  const retry = useRetry(task.id)
  const problem = retry.error && asProblem(retry.error)
  const stage = task.pipeline[from]?.name ?? ''
  return (
    <Dialog
      title={words.task.retryFrom}
      isOpen
      onClose={onClose}
      foot={
        <Button
          look="main"
          disabled={retry.isPending}
          onClick={() => retry.mutate(from, { onSuccess: onClose })}
        >
          {words.task.retryFromStage(stage)}
        </Button>
      }
    >
      <FromStage task={task} stage={from} beginnings={beginnings} onChange={setFrom} />
      <p className="hint">{words.task.retryWhy}</p>
      {problem && (
        <p className="error" role="alert">
          {problem.code === 'no_checkpoint' ? words.task.noCheckpoint : detailOf(problem)}
        </p>
      )}
    </Dialog>
  )
}
