import { useNavigate } from '@tanstack/react-router'
import type { Schemas } from '../../api/client'
import { seen } from '../../lib/seen'
import { titleOf } from '../../lib/title'
import { type InboxItem, useApprove, useSeen } from '../../queries/inbox'
import { useRetry } from '../../queries/task'
import { say, sayBroken, sayUndoable } from '../../ui/toasts'
import { words } from '../../words'
import { type Act, Doing } from './Doing'
import { useFollowUpOn } from './FollowUp'
import styles from './Needs.module.css'
import { Peek } from './Peek'
import { placeOf, viewOf } from './place'
import { InCode, Where } from './Where'

type Task = Schemas['ListedTask']

/** How a task of one's own has ended. */
export function End(props: { item: InboxItem; task: Task; isSelected: boolean }) {
  const { item, task, isSelected } = props
  const followUp = useFollowUpOn(task.id)
  return (
    <>
      <Where kind={words.needs.kinds[item.kind === 'failure' ? 'failure' : 'result']} task={task}>
        {item.kind === 'failure' ? <Failed task={task} /> : <Pushed task={task} />}
      </Where>
      <p className={styles.what}>{titleOf(task.description)}</p>
      {item.said.length > 0 ? (
        <pre className={styles.said}>
          {(isSelected ? item.said : item.said.slice(-2)).map(seen).join('\n')}
        </pre>
      ) : (
        item.kind === 'failure' && <p className={styles.of}>{seen(task.failure?.message ?? '')}</p>
      )}
      {item.kind === 'result' && item.change && <Peek change={item.change} isOpen={isSelected} />}
      <Doing acts={useActs(item, task, followUp.act)} isSelected={isSelected} />
      {followUp.dialog}
    </>
  )
}

function Failed({ task: { failure, stages } }: { task: Task }) {
  const index = failure?.stageIndex
  if (index == null) return seen(failure?.message ?? '')
  return <InCode said={words.needs.within(index + 1, stages.length, stages[index]?.name ?? '')} />
}

function Pushed({ task: { result } }: { task: Task }) {
  if (!result?.branch) return null
  return (
    <>
      {words.needs.pushed} <code>{seen(result.branch)}</code>
    </>
  )
}

function useActs(item: InboxItem, task: Task, followUp: Act): Act[] {
  const navigate = useNavigate()
  const retry = useRetry(task.id)
  const approve = useApprove(task.id)
  const setSeen = useSeen()
  const may = (act: InboxItem['acts'][number]) => item.acts.includes(act)
  const acts: (Act | false)[] = [
    item.retryFrom !== null && {
      name: words.needs.retryFrom(task.stages[item.retryFrom]?.name ?? ''),
      look: 'main',
      isOff: retry.isPending || retry.isSuccess,
      do: () => retry.mutate(item.retryFrom ?? 0, { onError: sayBroken }),
    },
    item.kind === 'failure' && may('follow_up') && followUp,
    item.kind === 'result' && {
      name: words.needs.review(item.change?.filesChanged ?? task.result?.filesChanged ?? 0),
      look: 'main',
      do: () => void navigate(placeOf(item)),
    },
    may('review') && {
      name: words.needs.approve,
      isOff: approve.isPending || approve.isSuccess,
      do: () =>
        approve.mutate(item.change?.commit ?? task.result?.commit ?? null, {
          onSuccess: () => say(words.needs.approved(task.id)),
        }),
    },
    may('seen') && {
      name: words.needs.seen,
      do: () => {
        setSeen.mutate({ item, seen: true })
        sayUndoable(words.needs.isSeen(task.id), () => setSeen.mutate({ item, seen: false }))
      },
    },
    item.kind === 'failure' && {
      name: words.needs.readLog,
      look: 'quiet',
      do: () => void navigate(viewOf(task.id, 'log')),
    },
  ]
  return acts.filter((act) => act !== false)
}
