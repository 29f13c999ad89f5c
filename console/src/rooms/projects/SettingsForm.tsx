import type { ReactNode } from 'react'
import type { Schemas } from '../../api/client'
import { type Project, saveProject } from '../../queries/projects'
import { Button } from '../../ui/Button'
import { warningOf } from '../../ui/detail'
import { FormError } from '../../ui/FormError'
import { Section } from '../../ui/Section'
import { say } from '../../ui/toasts'
import { type Form, type Given, useForm } from '../../ui/useForm'
import { words } from '../../words'
import styles from './projects.module.css'

export type Part = { project: Project; mayChange: boolean }

/** A section that is changed and saved as a whole. `changes`: what its fields say of the project. */
export function SettingsForm(props: {
  project: Project
  mayChange: boolean
  title: string
  about?: string
  changes: (given: Given) => Schemas['ProjectUpdate']
  children: (form: Form) => ReactNode
}) {
  const { project, mayChange, title, about, changes, children } = props
  const form = useForm(
    (given) => saveProject(project.key, changes(given)),
    ([warning]) =>
      say(warning ? words.projects.savedBut(warningOf(warning)) : words.projects.saved),
  )
  return (
    <Section title={title} about={about}>
      <form onSubmit={form.onSubmit}>
        <fieldset className={styles.fields} disabled={!mayChange}>
          {children(form)}
          <FormError form={form} />
          {mayChange && (
            <div>
              <Button type="submit" disabled={form.isBusy}>
                {words.projects.save}
              </Button>
            </div>
          )}
        </fieldset>
      </form>
    </Section>
  )
}
