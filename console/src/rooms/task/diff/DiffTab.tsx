import { useNavigate, useSearch } from '@tanstack/react-router'
import type { Schemas } from '../../../api/client'
import { type Shown, shownOf, type Told, whichFor, whichOf } from '../../../lib/diffChoice'
import { useDiff, useTold } from '../../../queries/diffs'
import { Broken } from '../../../ui/Broken'
import { Empty } from '../../../ui/Empty'
import { Ghost } from '../../../ui/Ghost'
import { words } from '../../../words'
import { Diff } from './Diff'
import { useReviewNews } from './news'

type Props = { task: Schemas['TaskDetail'] }

/** What a task has changed. It is asked for where a machine has told of something. */
export default function DiffTab({ task }: Props) {
  useReviewNews(task.id)
  const told = useTold(task.id)
  if (told.isPending) return <Ghost rows={12} />
  if (told.error) return <Broken error={told.error} again={told.refetch} />
  if (told.data.length === 0) {
    return (
      <Empty title={words.diff.nothingYet}>
        <p>{words.diff.nothingYetWhy}</p>
      </Empty>
    )
  }
  return <Chosen task={task} told={told.data} />
}

function Chosen({ task, told }: Props & { told: Told[] }) {
  const search: Record<string, unknown> = useSearch({ strict: false })
  const navigate = useNavigate()
  const which = whichOf(search)
  const ignoresSpace = search.ws === '1'
  const diff = useDiff(task.id, which, ignoresSpace)
  const go = (said: Record<string, string | undefined>) =>
    void navigate({ to: '.', search: { ...search, ...said } as never, replace: true })
  const show = (shown: Shown) => {
    const { round, attempt, stage } = whichFor(shown, told)
    go({ round: textOf(round), attempt: textOf(attempt), stage: textOf(stage) })
  }
  if (diff.isPending) return <Ghost rows={12} />
  if (diff.error && !diff.data) return <Broken error={diff.error} again={diff.refetch} />
  return (
    <Diff
      key={JSON.stringify(which)}
      task={task}
      pages={diff.data.pages}
      told={told}
      shown={shownOf(which, told)}
      ignoresSpace={ignoresSpace}
      onShow={show}
      onIgnoreSpace={(ignores) => go({ ws: ignores ? '1' : undefined })}
      onMore={diff.hasNextPage && !diff.isFetching ? diff.fetchNextPage : null}
    />
  )
}

function textOf(n: number | undefined): string | undefined {
  return n === undefined ? undefined : String(n)
}
