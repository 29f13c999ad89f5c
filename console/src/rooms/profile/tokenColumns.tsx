import type { Schemas } from '../../api/client'
import { Button } from '../../ui/Button'
import type { Column } from '../../ui/Table'
import { When } from '../../ui/When'
import { words } from '../../words'

type Token = Schemas['PersonalToken']

export const tokenColumns = (onRevoke: (token: Token) => void): Column<Token>[] => [
  {
    name: words.profile.label,
    cell: ({ label, prefix }) => (
      <>
        <span title={label}>{label}</span> <code className="dim">{prefix}…</code>
      </>
    ),
  },
  {
    name: words.profile.scopes,
    width: '20%',
    cell: ({ scopes }) => scopes.map((scope) => words.profile.scope[scope][0]).join(', '),
  },
  {
    name: words.profile.reach,
    width: '15%',
    isExtra: true,
    cell: ({ projects }) => projects?.join(', ') ?? words.profile.allProjectsShort,
  },
  {
    name: words.profile.lastUsed,
    width: '12%',
    cell: ({ lastUsedAt }) => (lastUsedAt ? <When at={lastUsedAt} /> : words.forms.never),
  },
  {
    name: words.profile.expires,
    width: '13%',
    cell: (token) => <End token={token} />,
  },
  {
    name: words.forms.acts,
    width: '88px',
    isNameless: true,
    cell: (token) =>
      isOver(token) ? null : (
        <Button
          look="quiet"
          aria-label={words.profile.revokeTitle(token.label)}
          onClick={() => onRevoke(token)}
        >
          {words.profile.revoke}
        </Button>
      ),
  },
]

function End({ token }: { token: Token }) {
  if (token.revokedAt) return <span className="dim">{words.profile.revoked}</span>
  if (token.expiresAt === null) return <span className="dim">{words.forms.never}</span>
  if (isOver(token)) return <span className="dim">{words.profile.expired}</span>
  return <When at={token.expiresAt} />
}

function isOver({ revokedAt, expiresAt }: Token): boolean {
  return revokedAt !== null || (expiresAt !== null && Date.parse(expiresAt) <= Date.now())
}
