import { Link } from '@tanstack/react-router'
import type { Schemas } from '../../../api/client'
import { CopyButton } from '../../../components/controls/CopyButton'
import { EmptyState } from '../../../components/feedback/EmptyState'
import { ErrorMessage } from '../../../components/feedback/ErrorMessage'
import { Skeleton } from '../../../components/feedback/Skeleton'
import { LineCounts } from '../../../components/gate/GateDiff'
import { RelativeTime } from '../../../components/status/RelativeTime'
import { locale, strings } from '../../../i18n'
import { revealInvisible } from '../../../lib/format/invisibleChars'
import { formatBytes } from '../../../lib/format/numbers'
import { useEvents } from '../../../queries/events'
import { useMachineNames } from '../../../queries/options'
import { useWorkspace } from '../../../queries/workspace'
import { Fact } from '../facts/Fact'
import { Tunnel } from './Tunnel'
import styles from './Workspace.module.css'

type Props = { task: Schemas['TaskDetail'] }

/** The task's workspace, as its machine last reported it, and the tunnel to it. */
export default function WorkspaceTab({ task }: Props) {
  const events = useEvents(task.id).data
  const isMade = events?.some(({ type }) => type === 'workspace') ?? false
  const { data: workspace, error, refetch } = useWorkspace(task.id, isMade)
  if (events && !isMade) {
    return (
      <section className="page" aria-label={strings.workspace.label}>
        <EmptyState title={strings.workspace.none}>
          <p>{strings.workspace.noneWhy}</p>
        </EmptyState>
      </section>
    )
  }
  return (
    <section className={`page ${styles.workspace}`} aria-label={strings.workspace.label}>
      {error && !workspace && <ErrorMessage error={error} again={() => void refetch()} />}
      {!workspace && !error && <Skeleton />}
      {workspace && <WorkspaceFacts workspace={workspace} />}
      <Tunnel task={task} />
    </section>
  )
}

function WorkspaceFacts({ workspace }: { workspace: Schemas['Workspace'] }) {
  const names = useMachineNames(true)
  return (
    <div className={`panel ${styles.panel}`}>
      <dl className="facts">
        <Fact name={strings.workspace.state}>{strings.workspace.states[workspace.state]}</Fact>
        <Fact name={strings.workspace.machine}>
          <Link
            className="link"
            to="/machines/$machineId"
            params={{ machineId: workspace.machineId }}
          >
            {names?.get(workspace.machineId) ?? workspace.machineId}
          </Link>
        </Fact>
        {workspace.path && <Code name={strings.workspace.path} text={workspace.path} />}
        <Fact name={strings.workspace.attempt}>{workspace.attempt}</Fact>
        {workspace.branch && <Code name={strings.workspace.branch} text={workspace.branch} />}
        {workspace.baseCommit && <Code name={strings.workspace.base} text={workspace.baseCommit} />}
        {workspace.headCommit && <Code name={strings.workspace.head} text={workspace.headCommit} />}
        <Fact name={strings.workspace.changed}>
          {strings.gate.files(workspace.diff.filesChanged)} <LineCounts {...workspace.diff} />
        </Fact>
        <Fact name={strings.workspace.uncommitted}>
          {workspace.dirty ? strings.workspace.dirty : strings.workspace.clean}
        </Fact>
        <Fact name={strings.workspace.size}>{formatBytes(workspace.sizeBytes, locale)}</Fact>
        <Fact name={strings.workspace.updated}>
          <RelativeTime at={workspace.updatedAt} />
        </Fact>
      </dl>
    </div>
  )
}

function Code({ name, text }: { name: string; text: string }) {
  const isCommit = /^[0-9a-f]{40,64}$/.test(text)
  return (
    <Fact name={name}>
      <code title={revealInvisible(text)}>
        {isCommit ? text.slice(0, 7) : revealInvisible(text)}
      </code>{' '}
      <CopyButton text={text} what={name} />
    </Fact>
  )
}
