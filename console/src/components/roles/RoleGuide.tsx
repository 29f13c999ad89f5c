import { strings } from '../../i18n'
import styles from './RoleGuide.module.css'

/** Explains both kinds of roles, on every page where people see or choose one. */
export function RoleGuide() {
  const words = strings.roles
  return (
    <details className={styles.guide}>
      <summary>{words.guide}</summary>
      <p className="soft">{words.guideAbout}</p>
      <div className={styles.kinds}>
        <Roles
          title={words.ofSystem}
          about={words.ofSystemAbout}
          names={strings.profile.roles}
          texts={words.system}
        />
        <Roles
          title={words.ofProject}
          about={words.ofProjectAbout}
          names={strings.projects.roles}
          texts={words.project}
        />
      </div>
    </details>
  )
}

function Roles<Role extends string>(props: {
  title: string
  about: string
  names: Record<Role, string>
  texts: Record<Role, string>
}) {
  return (
    <div>
      <h2>{props.title}</h2>
      <p className="hint">{props.about}</p>
      <dl>
        {(Object.keys(props.texts) as Role[]).map((role) => (
          <div key={role}>
            <dt>{props.names[role]}</dt>
            <dd className="soft">{props.texts[role]}</dd>
          </div>
        ))}
      </dl>
    </div>
  )
}
