import { useNavigate } from '@tanstack/react-router'
import type { Schemas } from '../../api/client'
import { strings } from '../../i18n'
import { agentName } from '../../lib/format/agentNames'
import { revealInvisible } from '../../lib/format/invisibleChars'
import { failureText } from '../../lib/task/statusText'
import { titleOf } from '../../lib/task/title'
import { type InboxItem, useApprove, useDismiss } from '../../queries/inbox'
import { useRetryTask } from '../../queries/task'
import { showErrorToast, showToast, showUndoToast } from '../../state/toasts'
import { DiffPreview } from './DiffPreview'
import styles from './Inbox.module.css'
import { type ItemAction, ItemActions } from './ItemActions'
import { ItemHeader, TextWithCode } from './ItemHeader'
import { itemLink, taskViewLink } from './links'
import { useFollowUpAction } from './useFollowUpAction'

type Task = Schemas['ListedTask']

/** A finished task of yours, and its result. */
export function EndedTask(props: { item: InboxItem; task: Task; isSelected: boolean }) {
  const { item, task, isSelected } = props
  const followUp = useFollowUpAction(task.id)
  return (
    <>
      <ItemHeader
        kind={strings.inbox.kinds[item.kind === 'failure' ? 'failure' : 'result']}
        task={task}
      >
        {item.kind === 'failure' ? <FailedStage task={task} /> : <PushedBranch task={task} />}
      </ItemHeader>
      <p className={styles.what}>{titleOf(task.description)}</p>
      {item.logTail.length > 0 ? (
        <pre className={styles.said}>
          {(isSelected ? item.logTail : item.logTail.slice(-2)).map(revealInvisible).join('\n')}
        </pre>
      ) : (
        item.kind === 'failure' && <p className={styles.of}>{failureOf(task)}</p>
      )}
      {item.kind === 'result' && item.change && (
        <DiffPreview change={item.change} isOpen={isSelected} />
      )}
      <ItemActions acts={useEndedTaskActions(item, task, followUp.act)} isSelected={isSelected} />
      {followUp.dialog}
    </>
  )
}

function failureOf({ failure, stages, agentType }: Task): string {
  const stage = stages[failure?.stageIndex ?? -1]?.name ?? strings.statusText.aStage
  const text = failureText(failure?.code ?? '', stage, agentName(agentType), strings.statusText)
  return revealInvisible(text)
}

function FailedStage({ task }: { task: Task }) {
  const { failure, stages } = task
  const index = failure?.stageIndex
  if (index == null) return failureOf(task)
  return (
    <TextWithCode
      parts={strings.inbox.within(index + 1, stages.length, stages[index]?.name ?? '')}
    />
  )
}

function PushedBranch({ task: { result } }: { task: Task }) {
  if (!result?.branch) return null
  return (
    <>
      {strings.inbox.pushed} <code>{revealInvisible(result.branch)}</code>
    </>
  )
}

function useEndedTaskActions(item: InboxItem, task: Task, followUp: ItemAction): ItemAction[] {
  const navigate = useNavigate()
  const retry = useRetryTask(task.id)
  const approve = useApprove(task.id)
  const setDismissed = useDismiss()
  const isAllowed = (action: InboxItem['actions'][number]) => item.actions.includes(action)
  const acts: (ItemAction | false)[] = [
    item.retryFrom !== null && {
      name: strings.inbox.retryFrom(task.stages[item.retryFrom]?.name ?? ''),
      look: 'main',
      isOff: retry.isPending || retry.isSuccess,
      do: () => retry.mutate(item.retryFrom ?? 0, { onError: showErrorToast }),
    },
    item.kind === 'failure' && isAllowed('follow_up') && followUp,
    item.kind === 'result' && {
      name: strings.inbox.review(item.change?.filesChanged ?? task.result?.filesChanged ?? 0),
      look: 'main',
      do: () => void navigate(itemLink(item)),
    },
    isAllowed('review') && {
      name: strings.inbox.approve,
      isOff: approve.isPending || approve.isSuccess,
      do: () =>
        approve.mutate(item.change?.commit ?? task.result?.commit ?? null, {
          onSuccess: () => showToast(strings.inbox.approved(task.id)),
        }),
    },
    isAllowed('dismiss') && {
      name: strings.inbox.dismiss,
      do: () => {
        setDismissed.mutate({ item, dismissed: true })
        showUndoToast(strings.inbox.dismissed(task.id), () =>
          setDismissed.mutate({ item, dismissed: false }),
        )
      },
    },
    item.kind === 'failure' && {
      name: strings.inbox.readLog,
      look: 'quiet',
      do: () => void navigate(taskViewLink(task.id, 'log')),
    },
  ]
  return acts.filter((act) => act !== false)
}
