import { Link, useNavigate } from '@tanstack/react-router'
import { Suspense } from 'react'
import type { Schemas } from '../../api/client'
import { Button } from '../../components/controls/Button'
import { EmptyState } from '../../components/feedback/EmptyState'
import { ErrorMessage } from '../../components/feedback/ErrorMessage'
import { FirstSteps } from '../../components/feedback/FirstSteps'
import { Skeleton } from '../../components/feedback/Skeleton'
import { useUrlSearch } from '../../components/hooks/useUrlSearch'
import { lazyComponent } from '../../components/lazyComponent'
import { Page } from '../../components/page/Page'
import { RelativeTime } from '../../components/status/RelativeTime'
import { type Column, Table } from '../../components/tables/Table'
import { locale, strings } from '../../i18n'
import { agentName } from '../../lib/format/agentNames'
import { formatInteger } from '../../lib/format/numbers'
import { useMe } from '../../queries/me'
import { useProjects } from '../../queries/projects'
import styles from './projects.module.css'

const NewProjectDialog = lazyComponent(() => import('./NewProjectDialog'))

type Listed = Schemas['ListedProject']

export default function ProjectsPage() {
  const { data: projects, error, refetch } = useProjects()
  const me = useMe()
  const [{ add: isMaking }, change] = useUrlSearch<{ add?: string }>()
  const navigate = useNavigate()
  const isAdmin = me?.role === 'admin'
  const make = isAdmin && (
    <Button className={styles.end} onClick={() => change({ add: '1' })}>
      {strings.projects.make}
    </Button>
  )
  return (
    <Page title={strings.projects.title} aside={make}>
      {!projects &&
        (error ? <ErrorMessage error={error} again={() => void refetch()} /> : <Skeleton />)}
      {projects?.length === 0 && (
        <EmptyState title={strings.projects.none}>
          <p>{strings.projects.noneWhy}</p>
          <FirstSteps />
        </EmptyState>
      )}
      {projects && projects.length > 0 && (
        <Table
          label={strings.projects.title}
          columns={columns()}
          rows={projects}
          keyOf={({ key }) => key}
        />
      )}
      {isAdmin && isMaking && (
        <Suspense>
          <NewProjectDialog
            onMade={(projectKey) =>
              void navigate({ to: '/projects/$projectKey', params: { projectKey } })
            }
            onClose={() => change({ add: '' })}
          />
        </Suspense>
      )}
    </Page>
  )
}

function columns(): Column<Listed>[] {
  const texts = strings.projects.columns
  return [
    {
      name: texts.project,
      cell: ({ key, name, archivedAt }) => (
        <Link className="tall" to="/projects/$projectKey" params={{ projectKey: key }}>
          <b>{name}</b> {name !== key && <span className="dim mono">{key}</span>}{' '}
          {archivedAt && <span className="badge">{strings.projects.archived}</span>}
        </Link>
      ),
    },
    { name: texts.stages, cell: ({ stages }) => stages.map(({ name }) => name).join(' → ') },
    { name: texts.agent, width: '110px', cell: ({ agentType }) => agentName(agentType) },
    { name: texts.live, width: '280px', cell: ({ taskStates }) => liveTaskCounts(taskStates) },
    {
      name: texts.members,
      width: '90px',
      isNumber: true,
      isExtra: true,
      cell: ({ memberCount }) => formatInteger(memberCount, locale),
    },
    {
      name: texts.activity,
      width: '120px',
      isExtra: true,
      cell: ({ lastActivityAt }) => <RelativeTime at={lastActivityAt} />,
    },
  ]
}

function liveTaskCounts(states: Listed['taskStates']): string {
  const { queued, assigned, running, needsYou, waiting } = states
  return strings.projects.live({ running: running + assigned, needsYou, waiting, queued })
}
