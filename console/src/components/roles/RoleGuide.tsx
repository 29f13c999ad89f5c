import { strings } from '../../i18n'
import styles from './RoleGuide.module.css'

/** Explains both kinds of roles, on every page where people see or choose one. */
export function RoleGuide() {
  const say = strings.roles
  return (
    <details className={styles.guide}>
      <summary>{say.guide}</summary>
      <p className="soft">{say.guideAbout}</p>
      <div className={styles.kinds}>
        <Roles
          title={say.ofSystem}
          about={say.ofSystemAbout}
          names={strings.profile.roles}
          texts={say.system}
        />
        <Roles
          title={say.ofProject}
          about={say.ofProjectAbout}
          names={strings.projects.roles}
          texts={say.project}
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
