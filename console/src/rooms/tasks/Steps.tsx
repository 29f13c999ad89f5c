import type { Row } from '../../lib/taskRows'
import { words } from '../../words'
import { stepsOf } from './reason'

const MOST = 6

/** How far a task's stages are: a short bar each, and the name of the one where it stands. */
export function Steps({ row }: { row: Row }) {
  const at = Math.min(row.currentStageIndex, row.stages.length - 1)
  const steps = stepsOf(row)
  const first = Math.max(0, Math.min(at - MOST + 2, steps.length - MOST))
  return (
    <>
      <span
        className="steps"
        role="img"
        aria-label={words.tasks.stageOf(at + 1, row.stages.length)}
      >
        {steps.slice(first, first + MOST).map((step, place) => (
          <i key={place} className={step} />
        ))}
      </span>
      {row.stages[at]?.name}
    </>
  )
}
