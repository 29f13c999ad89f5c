import { useState } from 'react'
import { FormDialog } from '../../components/dialogs/FormDialog'
import { Checkbox } from '../../components/forms/Checkbox'
import { Field } from '../../components/forms/Field'
import type { FormValues } from '../../components/forms/useForm'
import { strings } from '../../i18n'
import { useProjectKeys } from '../../queries/options'
import { createToken } from '../../queries/profile'
import styles from './profile.module.css'
import { expiryAfter, LIFETIMES } from './tokenLifetime'

type Scope = 'read' | 'tasks' | 'projects' | 'admin'
const SCOPES: Scope[] = ['read', 'tasks', 'projects', 'admin']

/** A dialog that creates a token: its purpose, scopes and lifetime. */
export function NewTokenDialog(props: {
  isAdmin: boolean
  onMade: (token: string) => void
  onClose: () => void
}) {
  const [isNarrow, narrow] = useState(false)
  const submit = (given: FormValues) =>
    createToken({
      label: given.text('label'),
      scopes: given.all('scope') as Scope[],
      projects: isNarrow ? given.all('project') : null,
      expiresAt: expiryAfter(given.text('days'), new Date()),
    })
  return (
    <FormDialog
      title={strings.profile.newToken}
      submit={strings.profile.create}
      act={submit}
      done={props.onMade}
      onClose={props.onClose}
    >
      {(form) => (
        <>
          <Field
            label={strings.profile.label}
            hint={strings.profile.labelHint}
            error={form.errorOf('label')}
          >
            <input className="input" name="label" maxLength={200} required />
          </Field>
          <ProjectAccess isNarrow={isNarrow} onChange={narrow} />
          <Scopes isNarrow={isNarrow} />
          <Field label={strings.profile.expires} error={form.errorOf('expiresAt')}>
            <select className="input" name="days" defaultValue="90">
              {LIFETIMES.map((days) => (
                <option key={days} value={days}>
                  {strings.profile.expiresIn(days)}
                </option>
              ))}
              <option value="">{strings.profile.expiresNever}</option>
            </select>
          </Field>
        </>
      )}
    </FormDialog>
  )
}

function ProjectAccess(props: { isNarrow: boolean; onChange: (isNarrow: boolean) => void }) {
  return (
    <fieldset>
      <legend className="label">{strings.profile.projectAccess}</legend>
      {[false, true].map((isNarrow) => (
        <Checkbox
          key={String(isNarrow)}
          type="radio"
          name="reach"
          label={isNarrow ? strings.profile.someProjects : strings.profile.allProjects}
          checked={props.isNarrow === isNarrow}
          onChange={() => props.onChange(isNarrow)}
        />
      ))}
      {props.isNarrow && <Projects />}
    </fieldset>
  )
}

function Scopes({ isNarrow }: { isNarrow: boolean }) {
  // A token for some projects can't have the admin scope, which belongs to no project.
  const scopes = SCOPES.filter((scope) => scope !== 'admin' || !isNarrow)
  return (
    <fieldset>
      <legend className="label">{strings.profile.scopes}</legend>
      {scopes.map((scope) => (
        <Checkbox
          key={scope}
          name="scope"
          value={scope}
          label={strings.profile.scope[scope][0]}
          hint={strings.profile.scope[scope][1]}
          defaultChecked={scope === 'read' || scope === 'tasks'}
        />
      ))}
    </fieldset>
  )
}

function Projects() {
  const keys = useProjectKeys() ?? []
  return (
    <div className={styles.chosen}>
      {keys.map((key) => (
        <Checkbox
          key={key}
          name="project"
          value={key}
          label={<span className="mono">{key}</span>}
        />
      ))}
    </div>
  )
}
