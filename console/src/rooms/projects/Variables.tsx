import { VARIABLES } from '../../lib/pipeline'
import { words } from '../../words'

/** What may stand in braces, and what takes its place. */
export function Variables() {
  return (
    <section aria-labelledby="variables">
      <h2 id="variables">{words.projects.variables}</h2>
      <dl className="facts">
        {VARIABLES.map((name) => (
          <div key={name} className="pair">
            <dt>
              <code>{`{${name}}`}</code>
            </dt>
            <dd className="soft">{words.projects.variableHelp[name]}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}
