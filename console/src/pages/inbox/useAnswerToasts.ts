import { useNavigate } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { strings } from '../../i18n'
import { answeredBy } from '../../lib/task/answeredBy'
import type { InboxItem } from '../../queries/inbox'
import { useMe } from '../../queries/me'
import { onStreamUpdate } from '../../realtime/stream'
import { showToast } from '../../state/toasts'
import { taskViewLink } from './links'

/** Whoever looks at a question while somebody else answers it is told who, and what. */
export function useAnswerToasts(items: readonly InboxItem[] | undefined): void {
  const me = useMe()?.id
  const navigate = useNavigate()
  const around = useRef({ items, me, navigate })
  around.current = { items, me, navigate }
  useEffect(
    () =>
      onStreamUpdate(
        ({ events }) => {
          const { items, me, navigate } = around.current
          for (const event of events) {
            const won = answeredBy(event)
            const isShown = items?.some(({ gate }) => gate?.taskId === event.taskId)
            if (!won || won.id === me || !isShown) continue
            const open = () => void navigate(taskViewLink(event.taskId, undefined))
            showToast(`#${event.taskId}: ${strings.gate.answered(won.who, won.said)}`, {
              name: strings.inbox.openTask,
              do: open,
            })
          }
        },
        () => undefined,
      ),
    [],
  )
}
