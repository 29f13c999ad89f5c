import { useNavigate } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { winnerOf } from '../../lib/winner'
import { onNews } from '../../live/stream'
import type { InboxItem } from '../../queries/inbox'
import { useMe } from '../../queries/me'
import { say } from '../../ui/toasts'
import { words } from '../../words'
import { viewOf } from './place'

/** Whoever looks at a question while somebody else answers it is told who, and what. */
export function useTellsOfOthers(items: readonly InboxItem[] | undefined): void {
  const me = useMe()?.id
  const navigate = useNavigate()
  const around = useRef({ items, me, navigate })
  around.current = { items, me, navigate }
  useEffect(
    () =>
      onNews(
        ({ events }) => {
          const { items, me, navigate } = around.current
          for (const event of events) {
            const won = winnerOf(event)
            const isShown = items?.some(({ gate }) => gate?.taskId === event.taskId)
            if (!won || won.id === me || !isShown) continue
            const open = () => void navigate(viewOf(event.taskId, undefined))
            say(`#${event.taskId}: ${words.gate.answered(won.who, won.said)}`, {
              name: words.needs.openTask,
              do: open,
            })
          }
        },
        () => undefined,
      ),
    [],
  )
}
