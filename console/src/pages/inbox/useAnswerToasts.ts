import { useNavigate } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { strings } from '../../i18n'
import { textIn } from '../../lib/task/entryData'
import type { InboxItem } from '../../queries/inbox'
import { useMe } from '../../queries/me'
import { onStreamUpdate } from '../../realtime/stream'
import { showToast } from '../../state/toasts'
import { taskViewLink } from './links'

/** Shows a toast when someone else answers a question in the list: who, and what. */
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
            const { answeredBy } = event.data
            const isShown = items?.some(({ gate }) => gate?.taskId === event.taskId)
            if (!answeredBy || answeredBy.id === me || !isShown) continue
            const open = () => void navigate(taskViewLink(event.taskId, undefined))
            const text = strings.gate.answered(answeredBy.name, textIn(event.data, 'result') ?? '')
            showToast(`#${event.taskId}${strings.common.separators.colon}${text}`, {
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
