import { Link, useParams } from '@tanstack/react-router'
import { Suspense } from 'react'
import { asProblem } from '../../api/problem'
import { useMe } from '../../queries/me'
import { type Project, useProject } from '../../queries/projects'
import { Broken } from '../../ui/Broken'
import { Ghost } from '../../ui/Ghost'
import { late } from '../../ui/late'
import { Page } from '../../ui/Page'
import { useUrl } from '../../ui/useUrl'
import { words } from '../../words'
import { MissingPage } from '../missing/MissingPage'
import { Members } from './Members'
import { PipelineEditor } from './PipelineEditor'
import styles from './projects.module.css'
import { Secrets } from './Secrets'
import { Settings } from './Settings'

const ProjectUsage = late(() => import('./ProjectUsage'))

const PARTS = ['pipeline', 'settings', 'secrets', 'members', 'usage'] as const
type Part = (typeof PARTS)[number]

export default function ProjectPage() {
  const { projectKey = '' } = useParams({ strict: false })
  const { data: project, error, refetch } = useProject(projectKey)
  // What is typed is of one project: a secret is not to be another's.
  if (project) return <OneProject key={project.key} project={project} />
  if (error && asProblem(error).status === 404) return <MissingPage />
  return (
    <Page title={projectKey}>
      {error ? <Broken error={error} again={() => void refetch()} /> : <Ghost />}
    </Page>
  )
}

function OneProject({ project }: { project: Project }) {
  const [{ part = 'pipeline' }] = useUrl<{ part?: string }>()
  const me = useMe()
  const mayChange = me?.role === 'admin' || project.myRole === 'maintainer'
  // Who may not change it is not told who its members are, nor what is secret.
  const parts = PARTS.filter((one) => mayChange || (one !== 'members' && one !== 'secrets'))
  const shown = parts.find((one) => one === part) ?? 'pipeline'
  return (
    <Page
      title={project.name}
      aside={
        <>
          {project.name !== project.key && <span className="dim mono">{project.key}</span>}
          <span className="dim grow cut wide mono">{project.repoUrl}</span>
          <span className="dim wide">{words.projects.memberCount(project.memberCount)}</span>
        </>
      }
    >
      <nav className="tabs" aria-label={words.projects.partsOf(project.name)}>
        {parts.map((one) => (
          <Link
            key={one}
            to="."
            search={{ part: one } as never}
            aria-current={one === shown ? 'page' : undefined}
          >
            {words.projects.parts[one]}
          </Link>
        ))}
      </nav>
      <div className={styles.part}>
        {!mayChange && shown !== 'usage' && (
          <p className={`notice ${styles.readOnly}`}>{words.projects.readOnly}</p>
        )}
        <Shown part={shown} project={project} mayChange={mayChange} />
      </div>
    </Page>
  )
}

function Shown(props: { part: Part; project: Project; mayChange: boolean }) {
  const { part, project, mayChange } = props
  switch (part) {
    case 'pipeline':
      return <PipelineEditor project={project} mayChange={mayChange} />
    case 'settings':
      return <Settings project={project} mayChange={mayChange} />
    case 'secrets':
      return <Secrets project={project} />
    case 'members':
      return <Members project={project} />
    case 'usage':
      return (
        <Suspense fallback={<Ghost />}>
          <ProjectUsage project={project} />
        </Suspense>
      )
  }
}
