import { X } from 'lucide-react'
import { useState } from 'react'
import type { Schemas } from '../../../api/client'
import { Button } from '../../../components/controls/Button'
import { ErrorLine } from '../../../components/forms/FormError'
import type { FormValues } from '../../../components/forms/useForm'
import { strings } from '../../../i18n'
import { useProjects } from '../../../queries/projects'
import styles from '../admin.module.css'

type InvitedProject = Schemas['InvitedProject']

/** The projects that a person joins, each with a role. `readProjects` reads them. */
export function ProjectRoleFields({ error }: { error: string | undefined }) {
  const [rows, setRows] = useState<{ id: number; key: string }[]>([])
  const texts = strings.invitation
  const projects = useProjects().data?.filter(({ archivedAt }) => archivedAt === null) ?? []
  const chosen = new Set(rows.map(({ key }) => key))
  const free = projects.filter(({ key }) => !chosen.has(key))
  const choose = (id: number, key: string) =>
    setRows(rows.map((row) => (row.id === id ? { id, key } : row)))
  const add = (key: string) => setRows([...rows, { id: (rows.at(-1)?.id ?? 0) + 1, key }])
  return (
    <fieldset className="stack">
      <legend className="label">{texts.projectKeys}</legend>
      {rows.map((row) => (
        <div key={row.id} className={styles.projectRole}>
          <select
            className="input"
            name="project"
            aria-label={texts.project}
            value={row.key}
            onChange={({ target }) => choose(row.id, target.value)}
          >
            {projects
              .filter(({ key }) => key === row.key || !chosen.has(key))
              .map(({ key, name }) => (
                <option key={key} value={key}>
                  {name === key ? key : `${key} · ${name}`}
                </option>
              ))}
          </select>
          <select className="input" name="projectRole" aria-label={texts.roleIn(row.key)}>
            {(['member', 'maintainer'] as const).map((role) => (
              <option key={role} value={role}>
                {strings.projects.roles[role]}
              </option>
            ))}
          </select>
          <Button
            variant="quiet"
            size="square"
            aria-label={texts.removeProject(row.key)}
            onClick={() => setRows(rows.filter((one) => one !== row))}
          >
            <X className="i" aria-hidden="true" />
          </Button>
        </div>
      ))}
      {error && <ErrorLine text={error} />}
      {free[0] && (
        <div className="row">
          <Button onClick={() => free[0] && add(free[0].key)}>{texts.addProject}</Button>
        </div>
      )}
    </fieldset>
  )
}

export function readProjects({ all }: FormValues): InvitedProject[] {
  const roles = all('projectRole')
  return all('project').map((key, place) => ({
    key,
    role: roles[place] as Schemas['Member']['role'],
  }))
}
