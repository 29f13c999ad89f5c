import type { ReactNode } from 'react'
import { strings } from '../../i18n'
import type { DisplayStatus } from '../../lib/task/displayStatus'

export type StatusIconName =
  | DisplayStatus
  | 'future'
  | 'online'
  | 'draining'
  | 'offline'
  | 'unhealthy'

/** The shape and color of a status. Its name is displayed next to it, or passed as `label`. */
export function StatusIcon({ look, label }: { look: StatusIconName; label?: string }) {
  return (
    // biome-ignore lint/a11y/noSvgWithoutTitle: it has a label where no text is next to it
    <svg className="s" data-is={look} viewBox="0 0 14 14" {...labelProps(label)}>
      {shapes[look]}
    </svg>
  )
}

/** A task's status as shape, color and word. */
export function Status({ look, word }: { look: DisplayStatus; word?: string }) {
  return (
    <span className="status" data-is={look}>
      <StatusIcon look={look} />
      {word ?? strings.status[look]}
    </span>
  )
}

function labelProps(label: string | undefined) {
  return label ? { role: 'img', 'aria-label': label } : { 'aria-hidden': true }
}

const line = { fill: 'none', stroke: 'currentColor', strokeWidth: 1.5 } as const
const cut = {
  fill: 'none',
  stroke: 'var(--surface)',
  strokeWidth: 1.6,
  strokeLinecap: 'round',
  strokeLinejoin: 'round',
} as const

const shapes: Record<StatusIconName, ReactNode> = {
  future: <circle cx="7" cy="7" r="2.5" {...line} />,
  online: <circle cx="7" cy="7" r="4" fill="currentColor" />,
  draining: (
    <>
      <circle cx="7" cy="7" r="5.25" {...line} />
      <path d="M3.5 7a3.5 3.5 0 0 0 7 0z" fill="currentColor" />
    </>
  ),
  offline: (
    <path
      d="m3.5 3.5 7 7m0-7-7 7"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.75"
      strokeLinecap="round"
    />
  ),
  unhealthy: (
    <>
      <path
        d="M7 1 13.5 12.8H.5z"
        fill="currentColor"
        stroke="currentColor"
        strokeLinejoin="round"
      />
      <path d="M7 5.3v3.2M7 10.7h.01" {...cut} strokeWidth={1.5} />
    </>
  ),
  queued: <circle cx="7" cy="7" r="5.25" {...line} strokeDasharray="2.2 1.92" />,
  assigned: (
    <>
      <circle cx="7" cy="7" r="5.25" {...line} />
      <circle cx="7" cy="7" r="1.75" fill="currentColor" />
    </>
  ),
  running: (
    <>
      <circle cx="7" cy="7" r="5.25" {...line} />
      <path d="M7 3.5a3.5 3.5 0 0 1 0 7z" fill="currentColor" />
    </>
  ),
  needs: (
    <>
      <path d="M7 .4 13.6 7 7 13.6.4 7z" fill="currentColor" />
      <path d="M7 3.8v3.7M7 9.7h.01" {...cut} />
    </>
  ),
  waits: (
    <>
      <circle cx="7" cy="7" r="5.25" {...line} />
      <path d="M5.6 5v4M8.4 5v4" {...line} strokeLinecap="round" />
    </>
  ),
  completed: (
    <>
      <circle cx="7" cy="7" r="6" fill="currentColor" />
      <path d="m4.3 7.2 1.9 1.9 3.5-4" {...cut} />
    </>
  ),
  failed: (
    <>
      <path d="M4.3.8h5.4l3.5 3.5v5.4l-3.5 3.5H4.3L.8 9.7V4.3z" fill="currentColor" />
      <path d="m4.9 4.9 4.2 4.2m0-4.2-4.2 4.2" {...cut} />
    </>
  ),
  cancelled: (
    <>
      <circle cx="7" cy="7" r="5.25" {...line} />
      <path d="M4.5 7h5" {...line} strokeLinecap="round" />
    </>
  ),
}
