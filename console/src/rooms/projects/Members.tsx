import { X } from 'lucide-react'
import { useState } from 'react'
import type { Schemas } from '../../api/client'
import {
  type Project,
  putMember,
  removeMember,
  useColleagues,
  useMembers,
} from '../../queries/projects'
import { Broken } from '../../ui/Broken'
import { Button } from '../../ui/Button'
import { Field } from '../../ui/Field'
import { FormDialog } from '../../ui/FormDialog'
import { Ghost } from '../../ui/Ghost'
import { type Column, Table } from '../../ui/Table'
import { sayBroken, sayUndoable } from '../../ui/toasts'
import { words } from '../../words'
import styles from './projects.module.css'

type Member = Schemas['Member']
type Role = Member['role']

/** Who works on it, and who may change it. */
export function Members({ project }: { project: Project }) {
  const { data: members, error, refetch } = useMembers(project.key)
  const [isAdding, setAdding] = useState(false)
  return (
    <>
      <div className={styles.bar}>
        <h2>{words.projects.parts.members}</h2>
        <Button onClick={() => setAdding(true)}>{words.projects.addMember}</Button>
      </div>
      {!members && (error ? <Broken error={error} again={() => void refetch()} /> : <Ghost />)}
      {members && (
        <Table
          label={words.projects.parts.members}
          columns={columns(project.key)}
          rows={members}
          keyOf={({ developerId }) => developerId}
        />
      )}
      {isAdding && (
        <AddMember project={project} members={members ?? []} onClose={() => setAdding(false)} />
      )}
    </>
  )
}

function columns(key: string): Column<Member>[] {
  const say = words.projects
  const give = (member: Member, role: Role) =>
    putMember(key, { developerId: member.developerId, role }).catch(sayBroken)
  const remove = async (member: Member) => {
    try {
      await removeMember(key, member.developerId)
      sayUndoable(say.memberRemoved(member.name), () => void give(member, member.role))
    } catch (error) {
      sayBroken(error)
    }
  }
  return [
    { name: say.person, cell: ({ name }) => name },
    { name: say.mail, cell: ({ gitEmail }) => <span className="dim">{gitEmail}</span> },
    {
      name: say.role,
      width: '180px',
      cell: (member) => (
        <select
          className="input"
          aria-label={say.roleOf(member.name)}
          value={member.role}
          onChange={(event) => void give(member, event.target.value as Role)}
        >
          <Roles />
        </select>
      ),
    },
    {
      name: say.acts,
      width: '64px',
      isNameless: true,
      cell: (member) => (
        <Button
          look="quiet"
          size="square"
          aria-label={say.removeMember(member.name)}
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
      {words.projects.roles[role]}
    </option>
  ))
}

function AddMember(props: { project: Project; members: readonly Member[]; onClose: () => void }) {
  const { project, members, onClose } = props
  const colleagues = useColleagues() ?? []
  const known = new Set(members.map(({ developerId }) => developerId))
  return (
    <FormDialog
      title={words.projects.addMember}
      submit={words.projects.add}
      act={({ text }) =>
        putMember(project.key, {
          developerId: Number(text('developerId')),
          role: text('role') as Role,
        })
      }
      done={onClose}
      onClose={onClose}
    >
      {(form) => (
        <>
          <Field label={words.projects.person} error={form.errorOf('developerId')}>
            <select className="input" name="developerId" required defaultValue="">
              <option value="" disabled>
                {words.projects.choosePerson}
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
          <Field label={words.projects.role}>
            <select className="input" name="role" defaultValue="member">
              <Roles />
            </select>
          </Field>
        </>
      )}
    </FormDialog>
  )
}
