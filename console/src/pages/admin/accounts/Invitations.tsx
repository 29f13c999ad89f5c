import { useState } from 'react'
import type { Schemas } from '../../../api/client'
import { Button } from '../../../components/controls/Button'
import { RelativeTime } from '../../../components/status/RelativeTime'
import { PagedList } from '../../../components/tables/PagedList'
import { type Column, Table } from '../../../components/tables/Table'
import { strings } from '../../../i18n'
import { useInvitations, withdrawInvitation } from '../../../queries/invitations'
import styles from '../admin.module.css'
import { ConfirmDialog } from '../ConfirmDialog'

type Invitation = Schemas['Invitation']

export function Invitations() {
  const [leaving, withdraw] = useState<Invitation>()
  const texts = strings.invitation
  return (
    <section className={styles.part} aria-labelledby="invitations">
      <h2 id="invitations">{texts.list}</h2>
      <PagedList list={useInvitations()} empty={<p className="dim">{texts.none}</p>}>
        {(rows) => (
          <Table
            label={texts.list}
            columns={columns(withdraw)}
            rows={rows}
            keyOf={({ id }) => id}
          />
        )}
      </PagedList>
      {leaving && (
        <ConfirmDialog
          title={texts.withdrawTitle(nameOf(leaving))}
          about={texts.withdrawAbout}
          submit={texts.withdraw}
          act={() => withdrawInvitation(leaving.id)}
          onClose={() => withdraw(undefined)}
        />
      )}
    </section>
  )
}

const nameOf = ({ developerName, email, note, id }: Invitation) =>
  developerName || email || note || `#${id}`

const columns = (onWithdraw: (one: Invitation) => void): Column<Invitation>[] => [
  { name: strings.invitation.person, cell: (one) => nameOf(one) },
  {
    name: strings.admin.role,
    width: '112px',
    cell: ({ role }) => strings.profile.roles[role],
  },
  {
    name: strings.invitation.projectKeys,
    width: '18%',
    isExtra: true,
    cell: ({ projects }) =>
      projects
        .map(({ key, role }) =>
          strings.invitation.projectAs(key, strings.projects.roles[role ?? 'member']),
        )
        .join(strings.common.separators.list),
  },
  {
    name: strings.forms.status,
    width: '112px',
    cell: ({ state }) => strings.invitation.states[state],
  },
  {
    name: strings.admin.ends,
    width: '112px',
    isExtra: true,
    cell: ({ expiresAt }) => <RelativeTime at={expiresAt} />,
  },
  {
    name: strings.forms.actions,
    width: '112px',
    isHeaderHidden: true,
    cell: (one) =>
      one.state === 'open' && (
        <Button
          variant="quiet"
          aria-label={strings.invitation.withdrawTitle(nameOf(one))}
          onClick={() => onWithdraw(one)}
        >
          {strings.invitation.withdraw}
        </Button>
      ),
  },
]
