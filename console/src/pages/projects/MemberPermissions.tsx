import { Check } from 'lucide-react'
import type { Schemas } from '../../api/client'
import { type Column, Table } from '../../components/tables/Table'
import { strings } from '../../i18n'
import styles from './projects.module.css'

type Member = Schemas['Member']
type Permission = Member['permissions'][number]

/** What each member can do in the project, as the server computes it. */
export function MemberPermissions({ members }: { members: Member[] }) {
  const texts = strings.projects
  return (
    <section className={styles.permissions} aria-labelledby="permissions">
      <h2 id="permissions">{texts.memberPermissions}</h2>
      <p className="hint">{texts.memberPermissionsWhat}</p>
      <Table
        label={texts.memberPermissions}
        columns={columns()}
        rows={members}
        keyOf={({ developerId }) => developerId}
      />
    </section>
  )
}

const columns = (): Column<Member>[] => [
  {
    name: strings.projects.person,
    width: '22%',
    cell: ({ name, systemRole, disabled }) => (
      <>
        {name}
        {systemRole !== 'developer' && (
          <span className="dim"> · {strings.profile.roles[systemRole]}</span>
        )}
        {disabled && <span className="dim"> · {strings.admin.disabled}</span>}
      </>
    ),
  },
  ...(Object.entries(strings.projects.permissionNames) as [Permission, string][]).map(
    ([permission, name]) => ({ name, cell: (member: Member) => cellOf(member, permission) }),
  ),
]

function cellOf({ permissions, ownTaskPermissions }: Member, permission: Permission) {
  const texts = strings.projects
  if (permissions.includes(permission))
    return <Check className="i" role="img" aria-label={texts.allowed} />
  if (ownTaskPermissions.includes(permission)) return texts.ownTasks
  return (
    <span className="dim" role="img" aria-label={texts.notAllowed}>
      –
    </span>
  )
}
