import { expect, it } from 'vitest'

/** Fields with text from agents, machines, remotes and other users. */
const OUTSIDE =
  'message|prompt|subject|body|branch|taskBranch|why|text|raw|said|path|oldPath|detail|hostname|description'
/** `{entry.text}` as an element's content. The result of `revealInvisible` and our own strings
 *  don't match. */
const CONTENT = new RegExp(
  `(?:>|^\\s*)\\{((?!(?:props|strings|option)\\.)[\\w?.[\\]]+\\.(?:${OUTSIDE}))\\}`,
  'gm',
)

const files: Record<string, string> = import.meta.glob(
  ['../../pages/**/*.tsx', '../../components/**/*.tsx'],
  {
    query: '?raw',
    import: 'default',
    eager: true,
  },
)

it('finds the files', () => expect(Object.keys(files).length).toBeGreaterThan(150))

it('nothing from outside is drawn but as seen', () => {
  const bare = Object.entries(files).flatMap(([file, text]) =>
    [...text.matchAll(CONTENT)].map(([, what]) => `${file}: ${what}`),
  )
  expect(bare).toEqual([])
})
