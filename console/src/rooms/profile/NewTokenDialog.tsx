import { useState } from 'react'
import { useProjectKeys } from '../../queries/choices'
import { createToken } from '../../queries/profile'
import { Check } from '../../ui/Check'
import { Field } from '../../ui/Field'
import { FormDialog } from '../../ui/FormDialog'
import type { Given } from '../../ui/useForm'
import { words } from '../../words'
import styles from './profile.module.css'
import { endAfter, LIFETIMES } from './tokenLife'

type Scope = 'read' | 'tasks' | 'projects' | 'admin'
const SCOPES: Scope[] = ['read', 'tasks', 'projects', 'admin']

/** A token: what for, how far it goes, and for how long. */
export function NewTokenDialog(props: {
  isAdmin: boolean
  onMade: (token: string) => void
  onClose: () => void
}) {
  const [isNarrow, narrow] = useState(false)
  const act = (given: Given) =>
    createToken({
      label: given.text('label'),
      scopes: given.all('scope') as Scope[],
      projects: isNarrow ? given.all('project') : null,
      expiresAt: endAfter(given.text('days'), new Date()),
    })
  // What is in no project cannot be narrowed to some.
  const scopes = SCOPES.filter((scope) => scope !== 'admin' || !isNarrow)
  return (
    <FormDialog
      title={words.profile.newToken}
      submit={words.profile.create}
      act={act}
      done={props.onMade}
      onClose={props.onClose}
    >
      {(form) => (
        <>
          <Field
            label={words.profile.label}
            hint={words.profile.labelHint}
            error={form.errorOf('label')}
          >
            <input className="input" name="label" maxLength={200} required />
          </Field>
          <fieldset>
            <legend className="label">{words.profile.reach}</legend>
            <Check
              type="radio"
              name="reach"
              label={words.profile.allProjects}
              checked={!isNarrow}
              onChange={() => narrow(false)}
            />
            <Check
              type="radio"
              name="reach"
              label={words.profile.someProjects}
              checked={isNarrow}
              onChange={() => narrow(true)}
            />
            {isNarrow && <Projects />}
          </fieldset>
          <fieldset>
            <legend className="label">{words.profile.scopes}</legend>
            {scopes.map((scope) => (
              <Check
                key={scope}
                name="scope"
                value={scope}
                label={words.profile.scope[scope][0]}
                hint={words.profile.scope[scope][1]}
                defaultChecked={scope === 'read' || scope === 'tasks'}
              />
            ))}
          </fieldset>
          <Field label={words.profile.expires} error={form.errorOf('expiresAt')}>
            <select className="input" name="days" defaultValue="90">
              {LIFETIMES.map((days) => (
                <option key={days} value={days}>
                  {words.profile.expiresIn(days)}
                </option>
              ))}
              <option value="">{words.profile.expiresNever}</option>
            </select>
          </Field>
        </>
      )}
    </FormDialog>
  )
}

function Projects() {
  const keys = useProjectKeys() ?? []
  return (
    <div className={styles.chosen}>
      {keys.map((key) => (
        <Check key={key} name="project" value={key} label={<span className="mono">{key}</span>} />
      ))}
    </div>
  )
}
