import type { ReactNode } from 'react'
import type { Form } from '../../components/forms/useForm'
import { Section } from '../../components/page/Section'
import type { Project } from '../../queries/projects'
import styles from './projects.module.css'

/** What each section of the settings shows fields of. One form saves all of them. */
export type SettingsPart = { project: Project; form: Form }

/** A section of the settings' form. */
export function SettingsSection(props: { title: string; about?: string; children: ReactNode }) {
  return (
    <Section title={props.title} about={props.about}>
      <div className={styles.fields}>{props.children}</div>
    </Section>
  )
}
