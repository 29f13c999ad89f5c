import { strings } from '../../i18n'
import { VARIABLES } from '../../lib/form/pipeline'

/** What may stand in braces, and what takes its place. */
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
