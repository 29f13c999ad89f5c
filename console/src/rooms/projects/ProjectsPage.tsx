import { Link } from '@tanstack/react-router'
import type { Schemas } from '../../api/client'
import { agentName } from '../../lib/agents'
import { whole } from '../../lib/numbers'
import { useMe } from '../../queries/me'
import { useProjects } from '../../queries/projects'
import { Broken } from '../../ui/Broken'
import { Empty } from '../../ui/Empty'
import { Ghost } from '../../ui/Ghost'
import { Page } from '../../ui/Page'
import { type Column, Table } from '../../ui/Table'
import { When } from '../../ui/When'
import { locale, words } from '../../words'
import styles from './projects.module.css'

type Listed = Schemas['ListedProject']

export default function ProjectsPage() {
  const { data: projects, error, refetch } = useProjects()
  const me = useMe()
  const make = me?.role === 'admin' && (
    <Link className={`btn ${styles.end}`} to="/admin/projects">
      {words.projects.make}
    </Link>
  )
  return (
    <Page title={words.projects.title} aside={make}>
      {!projects && (error ? <Broken error={error} again={() => void refetch()} /> : <Ghost />)}
      {projects?.length === 0 && (
        <Empty title={words.projects.none}>
          <p>{words.projects.noneWhy}</p>
        </Empty>
      )}
      {projects && projects.length > 0 && (
        <Table
          label={words.projects.title}
          columns={columns()}
          rows={projects}
          keyOf={({ key }) => key}
        />
      )}
    </Page>
  )
}

function columns(): Column<Listed>[] {
  const say = words.projects.columns
  return [
    {
      name: say.project,
      cell: ({ key, name }) => (
        <Link className="tall" to="/projects/$projectKey" params={{ projectKey: key }}>
          <b>{name}</b> {name !== key && <span className="dim mono">{key}</span>}
        </Link>
      ),
    },
    { name: say.stages, cell: ({ stages }) => stages.map(({ name }) => name).join(' → ') },
    { name: say.agent, width: '110px', cell: ({ agentType }) => agentName(agentType) },
    { name: say.live, width: '220px', cell: ({ taskCounts }) => live(taskCounts) },
    {
      name: say.members,
      width: '90px',
      isNumber: true,
      isExtra: true,
      cell: ({ memberCount }) => whole(memberCount, locale),
    },
    {
      name: say.activity,
      width: '120px',
      isExtra: true,
      cell: ({ lastActivityAt }) => <When at={lastActivityAt} />,
    },
  ]
}

function live(counts: Listed['taskCounts']): string {
  const of = (status: string) => counts[status] ?? 0
  return words.projects.live(of('running') + of('assigned'), of('suspended'), of('queued'))
}
