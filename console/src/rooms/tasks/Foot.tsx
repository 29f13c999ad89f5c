import { whole } from '../../lib/numbers'
import { type Filters, wordsOf } from '../../lib/taskFilters'
import { useProjectChoices } from '../../queries/choices'
import { locale, words } from '../../words'

const FEW = 20

type Props = { filters: Filters; shown: number; hasMore: boolean }

/** How many are shown, of how many there are where the projects' counts tell; and the keys. */
export function Foot({ filters, shown, hasMore }: Props) {
  const all = useCount(filters)
  const some = whole(shown, locale)
  const said = !hasMore
    ? words.tasks.shown(some)
    : all === null
      ? shown < FEW
        ? words.tasks.lookingFurther
        : words.tasks.shownSoFar(some)
      : words.tasks.shownOf(some, whole(Math.max(all, shown), locale))
  return (
    <div className="foot">
      <span role="status">{said}</span>
      <span className="keys at-end" aria-hidden="true">
        <span>
          <kbd>/</kbd> {words.tasks.keySearch}
        </span>
        <span>
          <kbd>F</kbd> {words.tasks.keyFilter}
        </span>
        <span>
          <kbd>X</kbd> {words.tasks.keySelect}
        </span>
        <span>
          <kbd>↵</kbd> {words.tasks.keyOpen}
        </span>
      </span>
    </div>
  )
}

/** How many tasks match, as far as projects count them: by project and status. */
function useCount({ status, project, ...others }: Filters): number | null {
  const projects = useProjectChoices()
  if (!projects || Object.keys(others).length > 0) return null
  const [keys, statuses] = [wordsOf(project), wordsOf(status)]
  const counted = projects
    .filter(({ key }) => keys.length === 0 || keys.includes(key))
    .flatMap(({ taskCounts }) => Object.entries(taskCounts))
    .filter(([name]) => statuses.length === 0 || statuses.includes(name))
  return counted.reduce((sum, [, count]) => sum + count, 0)
}
