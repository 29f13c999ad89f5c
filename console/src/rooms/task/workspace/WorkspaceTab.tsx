import { Link } from '@tanstack/react-router'
import type { Schemas } from '../../../api/client'
import { bytes } from '../../../lib/numbers'
import { seen } from '../../../lib/seen'
import { useMachineNames } from '../../../queries/choices'
import { useEvents } from '../../../queries/events'
import { useWorkspace } from '../../../queries/workspace'
import { Broken } from '../../../ui/Broken'
import { Copy } from '../../../ui/Copy'
import { Empty } from '../../../ui/Empty'
import { Ghost } from '../../../ui/Ghost'
import { When } from '../../../ui/When'
import { locale, words } from '../../../words'
import { Delta } from '../../gate/GateDiff'
import { Fact } from '../facts/Fact'
import { Tunnel } from './Tunnel'
import styles from './Workspace.module.css'

type Props = { task: Schemas['TaskDetail'] }

/** Where the work lies on its machine, as that described it last, and the way into it. */
export default function WorkspaceTab({ task }: Props) {
  const events = useEvents(task.id).data
  const isMade = events?.some(({ type }) => type === 'workspace') ?? false
  const { data: workspace, error, refetch } = useWorkspace(task.id, isMade)
  if (events && !isMade) {
    return (
      <section className="page" aria-label={words.workspace.label}>
        <Empty title={words.workspace.none}>
          <p>{words.workspace.noneWhy}</p>
        </Empty>
      </section>
    )
  }
  return (
    <section className={`page ${styles.workspace}`} aria-label={words.workspace.label}>
      {error && !workspace && <Broken error={error} again={() => void refetch()} />}
      {!workspace && !error && <Ghost />}
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
        <Fact name={words.workspace.state}>{words.workspace.states[workspace.state]}</Fact>
        <Fact name={words.workspace.machine}>
          <Link
            className="link"
            to="/machines/$machineId"
            params={{ machineId: workspace.machineId }}
          >
            {names?.get(workspace.machineId) ?? workspace.machineId}
          </Link>
        </Fact>
        {workspace.path && <Code name={words.workspace.path} text={workspace.path} />}
        <Fact name={words.workspace.attempt}>{workspace.attempt}</Fact>
        {workspace.branch && <Code name={words.workspace.branch} text={workspace.branch} />}
        {workspace.baseCommit && <Code name={words.workspace.base} text={workspace.baseCommit} />}
        {workspace.headCommit && <Code name={words.workspace.head} text={workspace.headCommit} />}
        <Fact name={words.workspace.changed}>
          {words.gate.files(workspace.diff.filesChanged)} <Delta {...workspace.diff} />
        </Fact>
        <Fact name={words.workspace.uncommitted}>
          {workspace.dirty ? words.workspace.dirty : words.workspace.clean}
        </Fact>
        <Fact name={words.workspace.size}>{bytes(workspace.sizeBytes, locale)}</Fact>
        <Fact name={words.workspace.updated}>
          <When at={workspace.updatedAt} />
        </Fact>
      </dl>
    </div>
  )
}

function Code({ name, text }: { name: string; text: string }) {
  const isCommit = /^[0-9a-f]{40,64}$/.test(text)
  return (
    <Fact name={name}>
      <code title={seen(text)}>{isCommit ? text.slice(0, 7) : seen(text)}</code>{' '}
      <Copy text={text} what={name} />
    </Fact>
  )
}
