import { locale, strings } from '../../i18n'
import { formatInteger } from '../../lib/format/numbers'
import { type Filters, splitValues } from '../../lib/task/filters'
import { useProjectOptions } from '../../queries/options'

const MIN_SHOWN = 20

type Props = { filters: Filters; shown: number; hasMore: boolean }

/** The number of tasks shown, the total if the projects' counts give it, and the shortcuts. */
export function TaskListFooter({ filters, shown, hasMore }: Props) {
  const all = useTaskCount(filters)
  const some = formatInteger(shown, locale)
  const text = !hasMore
    ? strings.tasks.shownCount(some)
    : all === null
      ? shown < MIN_SHOWN
        ? strings.tasks.lookingFurther
        : strings.tasks.shownSoFar(some)
      : strings.tasks.shownOf(some, formatInteger(Math.max(all, shown), locale))
  return (
    <div className="foot">
      <span role="status">{text}</span>
      <span className="keys at-end" aria-hidden="true">
        <span>
          <kbd>/</kbd> {strings.tasks.keySearch}
        </span>
        <span>
          <kbd>F</kbd> {strings.tasks.keyFilter}
        </span>
        <span>
          <kbd>X</kbd> {strings.tasks.keySelect}
        </span>
        <span>
          <kbd>↵</kbd> {strings.tasks.keyOpen}
        </span>
      </span>
    </div>
  )
}

/** Returns how many tasks match; null with filters other than project and status, by which projects
 *  count them. */
function useTaskCount({ status, project, ...others }: Filters): number | null {
  const projects = useProjectOptions()
  if (!projects || Object.keys(others).length > 0) return null
  const [keys, statuses] = [splitValues(project), splitValues(status)]
  const counted = projects
    .filter(({ key }) => keys.length === 0 || keys.includes(key))
    .flatMap(({ taskCounts }) => Object.entries(taskCounts))
    .filter(([name]) => statuses.length === 0 || statuses.includes(name))
  return counted.reduce((sum, [, count]) => sum + count, 0)
}
