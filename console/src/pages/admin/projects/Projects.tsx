import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { Schemas } from '../../../api/client'
import { FormDialog } from '../../../components/dialogs/FormDialog'
import { Checkbox } from '../../../components/forms/Checkbox'
import { RelativeTime } from '../../../components/status/RelativeTime'
import { PagedList } from '../../../components/tables/PagedList'
import { type Column, Table } from '../../../components/tables/Table'
import { locale, strings } from '../../../i18n'
import { formatInteger } from '../../../lib/format/numbers'
import { deleteProject, useAllProjects } from '../../../queries/adminProjects'
import { RowMenu } from '../RowMenu'

type Project = Schemas['ListedProject']

export function Projects() {
  const navigate = useNavigate()
  const [leaving, leave] = useState<Project>()
  const open = ({ key }: Project) =>
    void navigate({ to: '/projects/$projectKey', params: { projectKey: key } })
  return (
    <>
      <PagedList list={useAllProjects()} empty={strings.admin.noProjects}>
        {(rows) => (
          <Table
            label={strings.admin.projects}
            columns={columns(open, leave)}
            rows={rows}
            keyOf={({ key }) => key}
          />
        )}
      </PagedList>
      {leaving && <DeleteDialog project={leaving} onClose={() => leave(undefined)} />}
    </>
  )
}

function DeleteDialog({ project, onClose }: { project: Project; onClose: () => void }) {
  return (
    <FormDialog
      isBad
      title={strings.admin.deleteProject(project.key)}
      submit={strings.admin.deleteProject(project.key)}
      act={({ isChecked }) => deleteProject(project.key, isChecked('force'))}
      done={onClose}
      onClose={onClose}
    >
      <p>{strings.admin.deleteProjectAbout}</p>
      <Checkbox name="force" label={strings.admin.force} hint={strings.admin.forceHint} />
    </FormDialog>
  )
}

const columns = (
  onOpen: (project: Project) => void,
  onDelete: (project: Project) => void,
): Column<Project>[] => [
  {
    name: strings.admin.key,
    cell: ({ key, name }) => (
      <>
        <Link to="/projects/$projectKey" params={{ projectKey: key }} className="mono">
          {key}
        </Link>{' '}
        <span className="dim">{name}</span>
      </>
    ),
  },
  {
    name: strings.admin.repository,
    cell: ({ repoUrl }) => (
      <span className="mono" title={repoUrl}>
        {repoUrl}
      </span>
    ),
  },
  { name: strings.admin.agent, width: '96px', isExtra: true, cell: ({ agentType }) => agentType },
  {
    name: strings.admin.members,
    width: '88px',
    isNumber: true,
    cell: ({ memberCount }) => formatInteger(memberCount, locale),
  },
  {
    name: strings.admin.tasks,
    width: '80px',
    isNumber: true,
    cell: ({ taskCounts }) => formatInteger(sum(Object.values(taskCounts)), locale),
  },
  {
    name: strings.admin.lastActivity,
    width: '112px',
    cell: ({ lastActivityAt }) => <RelativeTime at={lastActivityAt} />,
  },
  {
    name: strings.forms.actions,
    width: '64px',
    isHeaderHidden: true,
    cell: (one) => (
      <RowMenu
        name={one.key}
        items={[
          { name: strings.admin.open, onSelect: () => onOpen(one) },
          { name: strings.forms.delete, isBad: true, onSelect: () => onDelete(one) },
        ]}
      />
    ),
  },
]

const sum = (numbers: number[]) => numbers.reduce((total, each) => total + each, 0)
