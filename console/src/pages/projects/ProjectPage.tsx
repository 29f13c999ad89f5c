import { Link, useParams } from '@tanstack/react-router'
import { Suspense } from 'react'
import { asProblem } from '../../api/problem'
import { ErrorMessage } from '../../components/feedback/ErrorMessage'
import { Skeleton } from '../../components/feedback/Skeleton'
import { useUrlSearch } from '../../components/hooks/useUrlSearch'
import { lazyComponent } from '../../components/lazyComponent'
import { Page } from '../../components/page/Page'
import { strings } from '../../i18n'
import { useMe } from '../../queries/me'
import { type Project, useProject } from '../../queries/projects'
import { NotFoundPage } from '../errors/NotFoundPage'
import { Members } from './Members'
import { PipelineEditor } from './PipelineEditor'
import styles from './projects.module.css'
import { Secrets } from './Secrets'
import { Settings } from './Settings'

const ProjectUsage = lazyComponent(() => import('./ProjectUsage'))

const PARTS = ['pipeline', 'settings', 'secrets', 'members', 'usage'] as const
type Part = (typeof PARTS)[number]

export default function ProjectPage() {
  const { projectKey = '' } = useParams({ strict: false })
  const { data: project, error, refetch } = useProject(projectKey)
  // A new project resets the fields: a secret typed for one must not reach another.
  if (project) return <ProjectView key={project.key} project={project} />
  if (error && asProblem(error).status === 404) return <NotFoundPage />
  return (
    <Page title={projectKey}>
      {error ? <ErrorMessage error={error} again={() => void refetch()} /> : <Skeleton />}
    </Page>
  )
}

function ProjectView({ project }: { project: Project }) {
  const [{ part = 'pipeline' }] = useUrlSearch<{ part?: string }>()
  const me = useMe()
  const canChange = me?.role === 'admin' || project.myRole === 'maintainer'
  // The server shows members and secrets only to those who can change the project.
  const parts = PARTS.filter((one) => canChange || (one !== 'members' && one !== 'secrets'))
  const selected = parts.find((one) => one === part) ?? 'pipeline'
  return (
    <Page
      title={project.name}
      aside={
        <>
          {project.archivedAt && <span className="badge">{strings.projects.archived}</span>}
          {project.name !== project.key && <span className="dim mono">{project.key}</span>}
          <span className="dim grow cut wide mono">{project.repoUrl}</span>
          <span className="dim wide">{strings.projects.memberCount(project.memberCount)}</span>
        </>
      }
    >
      <nav className="tabs" aria-label={strings.projects.partsOf(project.name)}>
        {parts.map((one) => (
          <Link
            key={one}
            to="."
            search={{ part: one } as never}
            aria-current={one === selected ? 'page' : undefined}
          >
            {strings.projects.parts[one]}
          </Link>
        ))}
      </nav>
      <div className={styles.part}>
        {!canChange && selected !== 'usage' && (
          <p className={`notice ${styles.readOnly}`}>{strings.projects.readOnly}</p>
        )}
        <PartContent part={selected} project={project} canChange={canChange} />
      </div>
    </Page>
  )
}

function PartContent(props: { part: Part; project: Project; canChange: boolean }) {
  const { part, project, canChange } = props
  switch (part) {
    case 'pipeline':
      return <PipelineEditor project={project} canChange={canChange} />
    case 'settings':
      return <Settings project={project} canChange={canChange} />
    case 'secrets':
      return <Secrets project={project} />
    case 'members':
      return <Members project={project} />
    case 'usage':
      return (
        <Suspense fallback={<Skeleton />}>
          <ProjectUsage project={project} />
        </Suspense>
      )
  }
}
