/** Renders Markdown as React elements, never as HTML, so that a description can't inject
 *  anything. */

import type { Token, Tokens } from 'marked'
import { Fragment, type ReactNode, useMemo } from 'react'
import { revealInvisible } from '../../lib/format/invisibleChars'
import { parseBlocks } from '../../lib/format/markdown'
import styles from './Markdown.module.css'

export function Markdown({ text }: { text: string }) {
  const found = useMemo(() => parseBlocks(text), [text])
  return (
    <div className={styles.markdown}>
      {found ? blocks(found) : <p className={styles.plain}>{revealInvisible(text)}</p>}
    </div>
  )
}

function blocks(tokens: Token[]): ReactNode {
  return tokens.map((token, place) => <Fragment key={place}>{block(token)}</Fragment>)
}

function block(token: Token): ReactNode {
  switch (token.type) {
    case 'space':
    case 'def':
      return null
    case 'heading':
      return <p className={styles.heading}>{inline(token.tokens)}</p>
    case 'paragraph':
      return <p>{inline(token.tokens)}</p>
    case 'code':
      return <pre>{revealInvisible((token as Tokens.Code).text)}</pre>
    case 'blockquote':
      return <blockquote>{blocks(token.tokens ?? [])}</blockquote>
    case 'hr':
      return <hr />
    case 'list':
      return list(token as Tokens.List)
    case 'table':
      return table(token as Tokens.Table)
    case 'text':
      return token.tokens ? inline(token.tokens) : revealInvisible(token.text)
    default:
      return <p>{revealInvisible(token.raw)}</p>
  }
}

function list({ ordered, start, items }: Tokens.List): ReactNode {
  const rows = items.map((item, place) => (
    <li key={place}>
      {item.task && <input type="checkbox" checked={item.checked ?? false} disabled readOnly />}{' '}
      {blocks(item.tokens.filter(({ type }) => type !== 'checkbox'))}
    </li>
  ))
  return ordered ? <ol start={start === '' ? 1 : start}>{rows}</ol> : <ul>{rows}</ul>
}

function table({ header, rows }: Tokens.Table): ReactNode {
  return (
    <table>
      <thead>
        <tr>
          {header.map((cell, place) => (
            <th key={place}>{inline(cell.tokens)}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row, place) => (
          <tr key={place}>
            {row.map((cell, column) => (
              <td key={column}>{inline(cell.tokens)}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function inline(tokens: Token[] = []): ReactNode {
  return tokens.map((token, place) => <Fragment key={place}>{run(token)}</Fragment>)
}

function run(token: Token): ReactNode {
  switch (token.type) {
    case 'strong':
      return <strong>{inline(token.tokens)}</strong>
    case 'em':
      return <em>{inline(token.tokens)}</em>
    case 'del':
      return <del>{inline(token.tokens)}</del>
    case 'codespan':
      return <code>{revealInvisible((token as Tokens.Codespan).text)}</code>
    case 'br':
      return <br />
    case 'link':
      return link(token as Tokens.Link)
    case 'escape':
    case 'text':
      return 'tokens' in token && token.tokens ? inline(token.tokens) : revealInvisible(token.text)
    default:
      return revealInvisible(token.raw)
  }
}

/** Links open a new tab, and only web and mail addresses are linked: a description may contain any
 *  URL. */
function link({ href, tokens }: Tokens.Link): ReactNode {
  if (!/^(https?:|mailto:)/i.test(href)) return inline(tokens)
  return (
    <a className="link" href={href} target="_blank" rel="noreferrer noopener">
      {inline(tokens)}
    </a>
  )
}
