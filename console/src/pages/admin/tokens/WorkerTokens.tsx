import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { Schemas } from '../../../api/client'
import { Button } from '../../../components/controls/Button'
import { RelativeTime } from '../../../components/status/RelativeTime'
import { PagedList } from '../../../components/tables/PagedList'
import { type Column, Table } from '../../../components/tables/Table'
import { strings } from '../../../i18n'
import { revokeWorkerToken, useWorkerTokens } from '../../../queries/adminMachines'
import { useMachines } from '../../../queries/machines'
import { ConfirmDialog } from '../ConfirmDialog'

type Token = Schemas['EnrollmentToken']

export function WorkerTokens() {
  const [leaving, revoke] = useState<Token>()
  const machines = useMachines().data ?? []
  const names = new Map(machines.map(({ id, name }) => [id, name]))
  return (
    <>
      <PagedList list={useWorkerTokens()} empty={strings.admin.noTokens}>
        {(rows) => (
          <Table
            label={strings.admin.workerTokens}
            columns={columns(revoke, names)}
            rows={rows}
            keyOf={({ id }) => id}
          />
        )}
      </PagedList>
      {leaving && (
        <ConfirmDialog
          title={strings.admin.revokeTitle(leaving.label || leaving.prefix)}
          about={strings.admin.revokeAbout}
          submit={strings.admin.revoke}
          act={() => revokeWorkerToken(leaving.id)}
          onClose={() => revoke(undefined)}
        />
      )}
    </>
  )
}

const columns = (
  onRevoke: (token: Token) => void,
  names: ReadonlyMap<string, string>,
): Column<Token>[] => [
  {
    name: strings.admin.label,
    cell: ({ label, prefix }) => (
      <>
        {label} <code className="dim">{prefix}…</code>
      </>
    ),
  },
  {
    name: strings.forms.status,
    width: '104px',
    cell: ({ status }) => strings.admin.tokenStatus[status],
  },
  {
    name: strings.admin.machine,
    width: '18%',
    cell: ({ machineId }) =>
      machineId ? (
        <Link to="/machines/$machineId" params={{ machineId }} className="link" title={machineId}>
          {names.get(machineId) ?? <span className="mono">{machineId.slice(0, 8)}</span>}
        </Link>
      ) : (
        <span className="dim">–</span>
      ),
  },
  {
    name: strings.forms.created,
    width: '112px',
    isExtra: true,
    cell: ({ createdAt }) => <RelativeTime at={createdAt} />,
  },
  {
    name: strings.admin.ends,
    width: '112px',
    cell: ({ expiresAt }) => <RelativeTime at={expiresAt} />,
  },
  {
    name: strings.forms.actions,
    width: '96px',
    isHeaderHidden: true,
    cell: (one) =>
      one.status === 'unused' && (
        <Button
          variant="quiet"
          aria-label={strings.admin.revokeTitle(one.label || one.prefix)}
          onClick={() => onRevoke(one)}
        >
          {strings.admin.revoke}
        </Button>
      ),
  },
]
