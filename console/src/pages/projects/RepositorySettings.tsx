import { Checkbox } from '../../components/forms/Checkbox'
import { Field } from '../../components/forms/Field'
import type { Form } from '../../components/forms/useForm'
import { strings } from '../../i18n'
import { ProjectCheck } from './ProjectCheck'
import styles from './projects.module.css'
import { type SettingsPart, SettingsSection } from './SettingsSection'

/** The repository, and the credentials with which machines access it. */
export function RepositorySettings(part: SettingsPart & { canChange: boolean }) {
  const { project, form, canChange } = part
  const say = strings.projects
  return (
    <SettingsSection title={say.repository} about={say.repositoryWhat}>
      <Field label={say.repoUrl} hint={say.repoUrlHint} error={form.errorOf('repoUrl')}>
        <input className="input mono" name="repoUrl" required defaultValue={project.repoUrl} />
      </Field>
      <Field label={say.defaultBranch} error={form.errorOf('defaultBranch')}>
        <input
          className="input mono"
          name="defaultBranch"
          required
          defaultValue={project.defaultBranch}
        />
      </Field>
      {canChange && (
        <>
          <CredentialFields form={form} hasToken={project.hasGitToken} hasKey={project.hasSshKey} />
          <KnownHosts form={form} value={project.knownHosts ?? ''} />
          <ProjectCheck projectKey={project.key} />
        </>
      )}
      <Field label={say.branchName} hint={say.branchNameHint} error={form.errorOf('branchName')}>
        <input
          className="input mono"
          name="branchName"
          required
          defaultValue={project.branchName}
        />
      </Field>
    </SettingsSection>
  )
}

/** The Git token and the SSH key. They are write-only: an empty field keeps what is set. */
export function CredentialFields(props: { form: Form; hasToken?: boolean; hasKey?: boolean }) {
  const { form, hasToken = false, hasKey = false } = props
  const say = strings.projects
  return (
    <>
      <Field
        label={say.gitToken}
        hint={hasToken ? say.credentialSet : say.gitTokenHint}
        error={form.errorOf('gitToken')}
      >
        <input className="input mono" type="password" name="gitToken" autoComplete="new-password" />
      </Field>
      {hasToken && <Checkbox name="gitTokenRemoved" label={say.removeToken} />}
      <Field
        label={say.sshKey}
        hint={hasKey ? say.credentialSet : say.sshKeyHint}
        error={form.errorOf('sshKey')}
      >
        <textarea
          className={`input mono ${styles.code}`}
          name="sshKey"
          rows={2}
          autoComplete="off"
          spellCheck={false}
        />
      </Field>
      {hasKey && <Checkbox name="sshKeyRemoved" label={say.removeKey} />}
    </>
  )
}

function KnownHosts({ form, value }: { form: Form; value: string }) {
  const say = strings.projects
  return (
    <Field label={say.knownHosts} hint={say.knownHostsHint} error={form.errorOf('knownHosts')}>
      <textarea
        className={`input mono ${styles.code}`}
        name="knownHosts"
        spellCheck={false}
        rows={2}
        defaultValue={value}
      />
    </Field>
  )
}
