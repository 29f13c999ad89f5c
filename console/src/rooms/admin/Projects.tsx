import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { Schemas } from '../../api/client'
import { whole } from '../../lib/numbers'
import { deleteProject, useAllProjects } from '../../queries/adminProjects'
import { Check } from '../../ui/Check'
import { FormDialog } from '../../ui/FormDialog'
import { Rows } from '../../ui/Rows'
import { type Column, Table } from '../../ui/Table'
import { When } from '../../ui/When'
import { locale, words } from '../../words'
import { RowMenu } from './RowMenu'

type Project = Schemas['ListedProject']

export function Projects() {
  const navigate = useNavigate()
  const [leaving, leave] = useState<Project>()
  const open = ({ key }: Project) =>
    void navigate({ to: '/projects/$projectKey', params: { projectKey: key } })
  return (
    <>
      <Rows list={useAllProjects()} empty={words.admin.noProjects}>
        {(rows) => (
          <Table
            label={words.admin.projects}
            columns={columns(open, leave)}
            rows={rows}
            keyOf={({ key }) => key}
          />
        )}
      </Rows>
      {leaving && <DeleteDialog project={leaving} onClose={() => leave(undefined)} />}
    </>
  )
}

function DeleteDialog({ project, onClose }: { project: Project; onClose: () => void }) {
  return (
    <FormDialog
      isBad
      title={words.admin.deleteProject(project.key)}
      submit={words.admin.deleteProject(project.key)}
      act={({ isOn }) => deleteProject(project.key, isOn('force'))}
      done={onClose}
      onClose={onClose}
    >
      <p>{words.admin.deleteProjectAbout}</p>
      <Check name="force" label={words.admin.force} hint={words.admin.forceHint} />
    </FormDialog>
  )
}

const columns = (
  onOpen: (project: Project) => void,
  onDelete: (project: Project) => void,
): Column<Project>[] => [
  {
    name: words.admin.key,
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
    name: words.admin.repository,
    cell: ({ repoUrl }) => (
      <span className="mono" title={repoUrl}>
        {repoUrl}
      </span>
    ),
  },
  { name: words.admin.agent, width: '96px', isExtra: true, cell: ({ agentType }) => agentType },
  {
    name: words.admin.members,
    width: '88px',
    isNumber: true,
    cell: ({ memberCount }) => whole(memberCount, locale),
  },
  {
    name: words.admin.tasks,
    width: '80px',
    isNumber: true,
    cell: ({ taskCounts }) => whole(sum(Object.values(taskCounts)), locale),
  },
  {
    name: words.admin.lastActivity,
    width: '112px',
    cell: ({ lastActivityAt }) => <When at={lastActivityAt} />,
  },
  {
    name: words.forms.acts,
    width: '64px',
    isNameless: true,
    cell: (one) => (
      <RowMenu
        name={one.key}
        items={[
          { name: words.admin.open, act: () => onOpen(one) },
          { name: words.forms.delete, isBad: true, act: () => onDelete(one) },
        ]}
      />
    ),
  },
]

const sum = (numbers: number[]) => numbers.reduce((total, each) => total + each, 0)
