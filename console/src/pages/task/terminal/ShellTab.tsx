import { useRef } from 'react'
import type { Schemas } from '../../../api/client'
import { EmptyState } from '../../../components/feedback/EmptyState'
import { strings } from '../../../i18n'
import { LiveTerminal } from './TerminalTab'

type Props = { task: Schemas['TaskDetail'] }

/** A shell in the sandbox of the task's running stage. It stays in sight after its end. */
export default function ShellTab({ task }: Props) {
  const hasOpened = useRef(false)
  hasOpened.current ||= task.allowedActions.includes('shell')
  if (!hasOpened.current) {
    return <EmptyState title={strings.terminal.noShell}>{strings.terminal.whyNoShell}</EmptyState>
  }
  // Unlike a headless agent, a shell reads what is typed.
  return <LiveTerminal task={{ ...task, readsTerminal: true }} kind="shell" />
}
