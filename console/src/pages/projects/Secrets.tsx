import { X } from 'lucide-react'
import { useState } from 'react'
import { Button } from '../../components/controls/Button'
import { FormDialog } from '../../components/dialogs/FormDialog'
import { Field } from '../../components/forms/Field'
import { useUrlDialog } from '../../components/hooks/useUrlDialog'
import { Section } from '../../components/page/Section'
import { strings } from '../../i18n'
import { formatVariables, parseVariables } from '../../lib/form/lines'
import { agentName } from '../../lib/format/agentNames'
import { destroySecrets, type Project, saveProject, useAgents } from '../../queries/projects'
import { showErrorToast, showToast as tell } from '../../state/toasts'
import styles from './projects.module.css'
import { SettingsForm } from './SettingsForm'

/** Variables that stages get. */
export function Secrets({ project }: { project: Project }) {
  return (
    <>
      <SecretVariables project={project} />
      <Environment project={project} />
      <DestroySecrets project={project} />
    </>
  )
}

function SecretVariables({ project }: { project: Project }) {
  const texts = strings.projects
  const [dialog, openDialog] = useUrlDialog<'new'>()
  const remove = async (name: string) => {
    try {
      await saveProject(project.key, { secrets: { [name]: null } as never })
      tell(texts.removed(name))
    } catch (error) {
      showErrorToast(error)
    }
  }
  return (
    <Section title={texts.secrets} about={texts.secretsWhat}>
      {project.secretNames.length === 0 && <p className="soft">{texts.noSecrets}</p>}
      {project.secretNames.length > 0 && (
        <ul className={`panel ${styles.names}`}>
          {project.secretNames.map((name) => (
            <li key={name}>
              <code>{name}</code>
              <Button
                variant="quiet"
                size="square"
                aria-label={texts.removeSecret(name)}
                onClick={() => void remove(name)}
              >
                <X className="i" aria-hidden="true" />
              </Button>
            </li>
          ))}
        </ul>
      )}
      <Button onClick={() => openDialog('new')}>{texts.addSecret}</Button>
      {dialog === 'new' && <SecretDialog project={project} onClose={() => openDialog()} />}
    </Section>
  )
}

function SecretDialog({ project, onClose }: { project: Project; onClose: () => void }) {
  const texts = strings.projects
  const keys = useAgents()
    ?.find(({ type }) => type === project.agentType)
    ?.keys.join(' / ')
  const hint = keys && texts.agentKeys(agentName(project.agentType), keys)
  return (
    <FormDialog
      title={texts.addSecret}
      submit={texts.addSecret}
      act={({ text, exact }) =>
        saveProject(project.key, { secrets: { [text('name')]: exact('value') } })
      }
      done={onClose}
      onClose={onClose}
    >
      {(form) => (
        <>
          <Field label={texts.secretName} {...(hint && { hint })} error={form.errorOf('secrets')}>
            <input className="input mono" name="name" autoComplete="off" required />
          </Field>
          <Field label={texts.secretValue} hint={texts.secretHint}>
            <textarea
              className="input mono"
              name="value"
              autoComplete="off"
              spellCheck={false}
              required
            />
          </Field>
        </>
      )}
    </FormDialog>
  )
}

function Environment({ project }: { project: Project }) {
  const texts = strings.projects
  const [text, setText] = useState(formatVariables(project.environment))
  const typed = parseVariables(text)
  return (
    <SettingsForm
      project={project}
      canChange
      title={texts.environment}
      about={texts.environmentWhat}
      changes={() => ({ environment: typeof typed === 'number' ? project.environment : typed })}
    >
      {(form) => (
        <Field
          label={texts.environment}
          error={
            typeof typed === 'number' ? texts.environmentWrong(typed) : form.errorOf('environment')
          }
        >
          <textarea
            className={`input mono ${styles.code}`}
            spellCheck={false}
            rows={Math.max(3, text.split('\n').length)}
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        </Field>
      )}
    </SettingsForm>
  )
}

function DestroySecrets({ project }: { project: Project }) {
  const texts = strings.projects
  const [isAsked, ask] = useState(false)
  const isEmpty = project.secretNames.length === 0 && !project.hasGitToken && !project.hasSshKey
  return (
    <Section title={texts.destroy} about={texts.destroyWhat}>
      <Button variant="bad" disabled={isEmpty} onClick={() => ask(true)}>
        {texts.destroy}
      </Button>
      {isAsked && (
        <FormDialog
          title={texts.destroyTitle(project.key)}
          submit={texts.destroyTitle(project.key)}
          isBad
          act={() => destroySecrets(project.key)}
          done={() => {
            ask(false)
            tell(texts.destroyed)
          }}
          onClose={() => ask(false)}
        >
          <p>{texts.destroyWhat}</p>
        </FormDialog>
      )}
    </Section>
  )
}
