import type { ReactNode } from 'react'
import type { Schemas } from '../../api/client'
import { warningText } from '../../api/problemText'
import { Button } from '../../components/controls/Button'
import { FormError } from '../../components/forms/FormError'
import { type Form, type FormValues, useForm } from '../../components/forms/useForm'
import { Section } from '../../components/page/Section'
import { strings } from '../../i18n'
import { type Project, saveProject } from '../../queries/projects'
import { showToast } from '../../state/toasts'
import styles from './projects.module.css'

/** A section of settings that is saved as a whole. `changes` reads the update from the fields. */
export function SettingsForm(props: {
  project: Project
  canChange: boolean
  title: string
  about?: string
  changes: (given: FormValues) => Schemas['ProjectUpdate']
  children: (form: Form) => ReactNode
}) {
  const { project, canChange, title, about, changes, children } = props
  const form = useForm(
    (given) => saveProject(project.key, changes(given)),
    ([warning]) =>
      showToast(warning ? strings.projects.savedBut(warningText(warning)) : strings.projects.saved),
  )
  return (
    <Section title={title} about={about}>
      <form onSubmit={form.onSubmit}>
        <fieldset className={styles.fields} disabled={!canChange}>
          {children(form)}
          <FormError form={form} />
          {canChange && (
            <div>
              <Button type="submit" disabled={form.isBusy}>
                {strings.projects.save}
              </Button>
            </div>
          )}
        </fieldset>
      </form>
    </Section>
  )
}
