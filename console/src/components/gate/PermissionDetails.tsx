import type { ReactNode } from 'react'
import type { Schemas } from '../../api/client'
import { strings } from '../../i18n'
import { revealInvisible } from '../../lib/format/invisibleChars'
import styles from './Gate.module.css'

type Permission = NonNullable<Schemas['PendingGate']['permission']>

/** What an agent wants to do: the tool, the command or its arguments, where, and the diff. */
export function PermissionDetails({ permission }: { permission: Permission }) {
  const { tool, title, arguments: given, folder, diff } = permission
  const text = given || title
  return (
    <div className={styles.permission}>
      <p className="row wrap">
        <span className="dim">{strings.gate.tool}</span> <code>{revealInvisible(tool)}</code>
        {folder && (
          <>
            <span className="dim">{strings.gate.inFolder}</span>{' '}
            <code className={styles.folder}>{revealInvisible(folder)}</code>
          </>
        )}
      </p>
      <Scrolled name={strings.gate.callOf(tool)}>{revealInvisible(text)}</Scrolled>
      {diff && (
        <Scrolled name={strings.gate.diffOf}>
          {diff.split('\n').map((line, place) => (
            <span key={place} className={toneOf(line)}>
              {`${revealInvisible(line)}\n`}
            </span>
          ))}
        </Scrolled>
      )}
    </div>
  )
}

function toneOf(line: string): string | undefined {
  if (line.startsWith('+')) return 'plus'
  return line.startsWith('-') ? 'minus' : undefined
}

function Scrolled({ name, children }: { name: string; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, also by keyboard
    <section className={styles.call} tabIndex={0} aria-label={name}>
      <pre>{children}</pre>
    </section>
  )
}
