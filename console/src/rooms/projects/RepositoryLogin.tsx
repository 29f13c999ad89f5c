import { useState } from 'react'
import type { Schemas } from '../../api/client'
import { type Project, saveProject } from '../../queries/projects'
import { Button } from '../../ui/Button'
import { Field } from '../../ui/Field'
import { FormDialog } from '../../ui/FormDialog'
import { Section } from '../../ui/Section'
import { sayBroken } from '../../ui/toasts'
import { words } from '../../words'
import styles from './projects.module.css'
import { SettingsForm } from './SettingsForm'

/** What lets machines in at the repository: write-only. */
export function RepositoryLogin({ project }: { project: Project }) {
  const say = words.projects
  return (
    <>
      <Section title={say.gitLogin} about={say.gitLoginWhat}>
        <Login
          project={project}
          field="gitToken"
          name={say.gitToken}
          isSet={project.hasGitToken}
          set={say.setToken}
          remove={say.removeToken}
        />
        <Login
          project={project}
          field="sshKey"
          name={say.sshKey}
          isSet={project.hasSshKey}
          set={say.setKey}
          remove={say.removeKey}
          hint={say.sshKeyHint}
        />
      </Section>
      <SettingsForm
        project={project}
        mayChange
        title={say.knownHosts}
        about={say.knownHostsHint}
        changes={({ exact }) => ({ knownHosts: exact('knownHosts') || null })}
      >
        {(form) => (
          <Field label={say.knownHosts} error={form.errorOf('knownHosts')}>
            <textarea
              className={`input mono ${styles.code}`}
              name="knownHosts"
              spellCheck={false}
              rows={3}
              defaultValue={project.knownHosts ?? ''}
            />
          </Field>
        )}
      </SettingsForm>
    </>
  )
}

function Login(props: {
  project: Project
  field: 'gitToken' | 'sshKey'
  name: string
  isSet: boolean
  set: string
  remove: string
  hint?: string
}) {
  const { project, field, name, isSet, set, remove, hint } = props
  const [isSetting, setSetting] = useState(false)
  const say = words.projects
  const forget = () =>
    saveProject(project.key, { [field]: null } as Schemas['ProjectUpdate']).catch(sayBroken)
  return (
    <div className={styles.login}>
      <span>
        {name} <span className="dim">{isSet ? say.isSet : say.isNotSet}</span>
      </span>
      <Button onClick={() => setSetting(true)}>{set}</Button>
      {isSet && (
        <Button look="bad" onClick={() => void forget()}>
          {remove}
        </Button>
      )}
      {isSetting && (
        <FormDialog
          title={set}
          submit={set}
          act={({ exact }) =>
            saveProject(project.key, { [field]: exact('value') } as Schemas['ProjectUpdate'])
          }
          done={() => setSetting(false)}
          onClose={() => setSetting(false)}
        >
          {(form) => (
            <Field label={name} hint={hint ?? ''} error={form.errorOf(field)}>
              <textarea
                className="input mono"
                name="value"
                rows={field === 'sshKey' ? 8 : 2}
                autoComplete="off"
                spellCheck={false}
                required
              />
            </Field>
          )}
        </FormDialog>
      )}
    </div>
  )
}
