import { strings } from '../../i18n'
import { VARIABLES } from '../../lib/form/pipeline'

/** The variables that a command can contain in braces, and their values. */
export function Variables() {
  return (
    <section aria-labelledby="variables">
      <h2 id="variables">{strings.projects.variables}</h2>
      <dl className="facts">
        {VARIABLES.map((name) => (
          <div key={name} className="pair">
            <dt>
              <code>{`{${name}}`}</code>
            </dt>
            <dd className="soft">{strings.projects.variableHelp[name]}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}
