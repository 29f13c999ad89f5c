import { expect, it } from 'vitest'

/** What agents, machines, remotes and other people write. */
const OUTSIDE =
  'message|prompt|subject|body|branch|taskBranch|why|text|raw|said|path|oldPath|detail|hostname|description'
/** `{entry.text}` as an element's content; what has gone through `seen` is none, nor are our words. */
const CONTENT = new RegExp(
  `(?:>|^\\s*)\\{((?!(?:props|words|option)\\.)[\\w?.[\\]]+\\.(?:${OUTSIDE}))\\}`,
  'gm',
)

const files: Record<string, string> = import.meta.glob(['../rooms/**/*.tsx', '../ui/**/*.tsx'], {
  query: '?raw',
  import: 'default',
  eager: true,
})

it('finds the files', () => expect(Object.keys(files).length).toBeGreaterThan(150))

it('nothing from outside is drawn but as seen', () => {
  const bare = Object.entries(files).flatMap(([file, text]) =>
    [...text.matchAll(CONTENT)].map(([, what]) => `${file}: ${what}`),
  )
  expect(bare).toEqual([])
})
