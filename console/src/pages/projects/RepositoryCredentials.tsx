import { useState } from 'react'
import type { Schemas } from '../../api/client'
import { Button } from '../../components/controls/Button'
import { FormDialog } from '../../components/dialogs/FormDialog'
import { Field } from '../../components/forms/Field'
import { Section } from '../../components/page/Section'
import { strings } from '../../i18n'
import { type Project, saveProject } from '../../queries/projects'
import { showErrorToast } from '../../state/toasts'
import styles from './projects.module.css'
import { SettingsForm } from './SettingsForm'

/** Credentials with which machines access the repository. They are write-only. */
export function RepositoryCredentials({ project }: { project: Project }) {
  const say = strings.projects
  return (
    <>
      <Section title={say.gitLogin} about={say.gitLoginWhat}>
        <CredentialRow
          project={project}
          field="gitToken"
          name={say.gitToken}
          isSet={project.hasGitToken}
          set={say.setToken}
          remove={say.removeToken}
        />
        <CredentialRow
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
        canChange
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

function CredentialRow(props: {
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
  const say = strings.projects
  const removeCredential = () =>
    saveProject(project.key, { [field]: null } as Schemas['ProjectUpdate']).catch(showErrorToast)
  return (
    <div className={styles.login}>
      <span>
        {name} <span className="dim">{isSet ? say.isSet : say.isNotSet}</span>
      </span>
      <Button onClick={() => setSetting(true)}>{set}</Button>
      {isSet && (
        <Button variant="bad" onClick={() => void removeCredential()}>
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
