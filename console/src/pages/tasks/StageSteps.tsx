import { strings } from '../../i18n'
import type { Row } from '../../lib/task/tableRows'
import { stepClasses } from './rowStatus'

const MAX_STEPS = 6

/** A task's progress through its stages: a short bar for each, and the current one's name. */
export function StageSteps({ row }: { row: Row }) {
  const at = Math.min(row.currentStageIndex, row.stages.length - 1)
  const steps = stepClasses(row)
  const first = Math.max(0, Math.min(at - MAX_STEPS + 2, steps.length - MAX_STEPS))
  return (
    <>
      <span
        className="steps"
        role="img"
        aria-label={strings.tasks.stageOf(at + 1, row.stages.length)}
      >
        {steps.slice(first, first + MAX_STEPS).map((step, place) => (
          <i key={place} className={step} />
        ))}
      </span>
      {row.stages[at]?.name}
    </>
  )
}
