import type { Schemas } from '../../api/client'
import { Button } from '../../components/controls/Button'
import { RelativeTime } from '../../components/status/RelativeTime'
import type { Column } from '../../components/tables/Table'
import { strings } from '../../i18n'

type Token = Schemas['PersonalToken']

export const tokenColumns = (onRevoke: (token: Token) => void): Column<Token>[] => [
  {
    name: strings.profile.label,
    cell: ({ label, prefix }) => (
      <>
        <span title={label}>{label}</span> <code className="dim">{prefix}…</code>
      </>
    ),
  },
  {
    name: strings.profile.scopes,
    width: '20%',
    cell: ({ scopes }) =>
      scopes.map((scope) => strings.profile.scope[scope][0]).join(strings.common.separators.list),
  },
  {
    name: strings.profile.projectAccess,
    width: '15%',
    isExtra: true,
    cell: ({ projects }) => projects?.join(', ') ?? strings.profile.allProjectsShort,
  },
  {
    name: strings.profile.lastUsed,
    width: '12%',
    cell: ({ lastUsedAt }) => (lastUsedAt ? <RelativeTime at={lastUsedAt} /> : strings.forms.never),
  },
  {
    name: strings.profile.expires,
    width: '13%',
    cell: (token) => <Expiry token={token} />,
  },
  {
    name: strings.forms.actions,
    width: '88px',
    isHeaderHidden: true,
    cell: (token) =>
      isInactive(token) ? null : (
        <Button
          variant="quiet"
          aria-label={strings.profile.revokeTitle(token.label)}
          onClick={() => onRevoke(token)}
        >
          {strings.profile.revoke}
        </Button>
      ),
  },
]

function Expiry({ token }: { token: Token }) {
  if (token.revokedAt) return <span className="dim">{strings.profile.revoked}</span>
  if (token.expiresAt === null) return <span className="dim">{strings.forms.never}</span>
  if (isInactive(token)) return <span className="dim">{strings.profile.expired}</span>
  return <RelativeTime at={token.expiresAt} />
}

function isInactive({ revokedAt, expiresAt }: Token): boolean {
  return revokedAt !== null || (expiresAt !== null && Date.parse(expiresAt) <= Date.now())
}
