import { useNavigate, useSearch } from '@tanstack/react-router'
import type { Schemas } from '../../../api/client'
import { EmptyState } from '../../../components/feedback/EmptyState'
import { ErrorMessage } from '../../../components/feedback/ErrorMessage'
import { Skeleton } from '../../../components/feedback/Skeleton'
import { strings } from '../../../i18n'
import {
  type Comparison,
  comparisonFor,
  diffQueryFor,
  parseDiffQuery,
  type StageDiff,
} from '../../../lib/diff/comparison'
import { useDiff, useStageDiffs } from '../../../queries/diffs'
import { Diff } from './Diff'
import { useReviewUpdates } from './useReviewUpdates'

type Props = { task: Schemas['TaskDetail'] }

/** The changes of a task. Loaded once a machine has reported any. */
export default function DiffTab({ task }: Props) {
  useReviewUpdates(task.id)
  const found = useStageDiffs(task.id)
  if (found.isPending) return <Skeleton rows={12} />
  if (found.error) return <ErrorMessage error={found.error} again={found.refetch} />
  if (found.data.length === 0) {
    return (
      <EmptyState title={strings.diff.nothingYet}>
        <p>{strings.diff.nothingYetWhy}</p>
      </EmptyState>
    )
  }
  return <SelectedDiff task={task} stageDiffs={found.data} />
}

function SelectedDiff({ task, stageDiffs }: Props & { stageDiffs: StageDiff[] }) {
  const search: Record<string, unknown> = useSearch({ strict: false })
  const navigate = useNavigate()
  const which = parseDiffQuery(search)
  const ignoresSpace = search.ws === '1'
  const diff = useDiff(task.id, which, ignoresSpace)
  const go = (changes: Record<string, string | undefined>) =>
    void navigate({ to: '.', search: { ...search, ...changes } as never, replace: true })
  const show = (comparison: Comparison) => {
    const { round, attempt, stage } = diffQueryFor(comparison, stageDiffs)
    go({ round: textOf(round), attempt: textOf(attempt), stage: textOf(stage) })
  }
  if (diff.isPending) return <Skeleton rows={12} />
  if (diff.error && !diff.data) return <ErrorMessage error={diff.error} again={diff.refetch} />
  return (
    <Diff
      key={JSON.stringify(which)}
      task={task}
      pages={diff.data.pages}
      stageDiffs={stageDiffs}
      comparison={comparisonFor(which, stageDiffs)}
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
