import { X } from 'lucide-react'
import { useState } from 'react'
import type { Schemas } from '../../api/client'
import { Button } from '../../components/controls/Button'
import { FormDialog } from '../../components/dialogs/FormDialog'
import { ErrorMessage } from '../../components/feedback/ErrorMessage'
import { Skeleton } from '../../components/feedback/Skeleton'
import { Field } from '../../components/forms/Field'
import { RoleGuide } from '../../components/roles/RoleGuide'
import { type Column, Table } from '../../components/tables/Table'
import { strings } from '../../i18n'
import {
  type Project,
  removeMember,
  setMember,
  useColleagues,
  useMembers,
} from '../../queries/projects'
import { showErrorToast, showUndoToast } from '../../state/toasts'
import { MemberPermissions } from './MemberPermissions'
import styles from './projects.module.css'

type Member = Schemas['Member']
type Role = Member['role']

/** The project's members and their roles. */
export function Members({ project }: { project: Project }) {
  const { data: members, error, refetch } = useMembers(project.key)
  const [isAdding, setAdding] = useState(false)
  return (
    <>
      <div className={styles.bar}>
        <h2>{strings.projects.parts.members}</h2>
        <Button onClick={() => setAdding(true)}>{strings.projects.addMember}</Button>
      </div>
      {!members &&
        (error ? <ErrorMessage error={error} again={() => void refetch()} /> : <Skeleton />)}
      {members && (
        <Table
          label={strings.projects.parts.members}
          columns={columns(project.key)}
          rows={members}
          keyOf={({ developerId }) => developerId}
        />
      )}
      {members && <MemberPermissions members={members} />}
      <RoleGuide />
      {isAdding && (
        <AddMember project={project} members={members ?? []} onClose={() => setAdding(false)} />
      )}
    </>
  )
}

function columns(key: string): Column<Member>[] {
  const texts = strings.projects
  const setRole = (member: Member, role: Role) =>
    setMember(key, { developerId: member.developerId, role }).catch(showErrorToast)
  const remove = async (member: Member) => {
    try {
      await removeMember(key, member.developerId)
      showUndoToast(texts.memberRemoved(member.name), () => void setRole(member, member.role))
    } catch (error) {
      showErrorToast(error)
    }
  }
  return [
    { name: texts.person, cell: ({ name }) => name },
    { name: texts.mail, cell: ({ gitEmail }) => <span className="dim">{gitEmail}</span> },
    {
      name: texts.role,
      width: '180px',
      cell: (member) => (
        <select
          className="input"
          aria-label={texts.roleOf(member.name)}
          value={member.role}
          onChange={(event) => void setRole(member, event.target.value as Role)}
        >
          <Roles />
        </select>
      ),
    },
    {
      name: texts.actions,
      width: '64px',
      isHeaderHidden: true,
      cell: (member) => (
        <Button
          variant="quiet"
          size="square"
          aria-label={texts.removeMember(member.name)}
          onClick={() => void remove(member)}
        >
          <X className="i" aria-hidden="true" />
        </Button>
      ),
    },
  ]
}

function Roles() {
  return (['member', 'maintainer'] as const).map((role) => (
    <option key={role} value={role}>
      {strings.projects.roles[role]}
    </option>
  ))
}

function AddMember(props: { project: Project; members: readonly Member[]; onClose: () => void }) {
  const { project, members, onClose } = props
  const colleagues = useColleagues() ?? []
  const known = new Set(members.map(({ developerId }) => developerId))
  return (
    <FormDialog
      title={strings.projects.addMember}
      submit={strings.projects.add}
      act={({ text }) =>
        setMember(project.key, {
          developerId: Number(text('developerId')),
          role: text('role') as Role,
        })
      }
      done={onClose}
      onClose={onClose}
    >
      {(form) => (
        <>
          <Field label={strings.projects.person} error={form.errorOf('developerId')}>
            <select className="input" name="developerId" required defaultValue="">
              <option value="" disabled>
                {strings.projects.choosePerson}
              </option>
              {colleagues
                .filter(({ id }) => !known.has(id))
                .map(({ id, name, gitEmail }) => (
                  <option key={id} value={id}>
                    {name} · {gitEmail}
                  </option>
                ))}
            </select>
          </Field>
          <Field label={strings.projects.role}>
            <select className="input" name="role" defaultValue="member">
              <Roles />
            </select>
          </Field>
        </>
      )}
    </FormDialog>
  )
}
