import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { Schemas } from '../../api/client'
import { revokeWorkerToken, useWorkerTokens } from '../../queries/adminMachines'
import { Button } from '../../ui/Button'
import { Rows } from '../../ui/Rows'
import { type Column, Table } from '../../ui/Table'
import { When } from '../../ui/When'
import { words } from '../../words'
import { AskDialog } from './AskDialog'

type Token = Schemas['EnrollmentToken']

export function WorkerTokens() {
  const [leaving, revoke] = useState<Token>()
  return (
    <>
      <Rows list={useWorkerTokens()} empty={words.admin.noTokens}>
        {(rows) => (
          <Table
            label={words.admin.workerTokens}
            columns={columns(revoke)}
            rows={rows}
            keyOf={({ id }) => id}
          />
        )}
      </Rows>
      {leaving && (
        <AskDialog
          title={words.admin.revokeTitle(leaving.label || leaving.prefix)}
          about={words.admin.revokeAbout}
          submit={words.admin.revoke}
          act={() => revokeWorkerToken(leaving.id)}
          onClose={() => revoke(undefined)}
        />
      )}
    </>
  )
}

const columns = (onRevoke: (token: Token) => void): Column<Token>[] => [
  {
    name: words.admin.label,
    cell: ({ label, prefix }) => (
      <>
        {label} <code className="dim">{prefix}…</code>
      </>
    ),
  },
  {
    name: words.forms.status,
    width: '104px',
    cell: ({ status }) => words.admin.tokenStatus[status],
  },
  {
    name: words.admin.machine,
    width: '18%',
    cell: ({ machineId }) =>
      machineId ? (
        <Link to="/machines/$machineId" params={{ machineId }} className="mono link">
          {machineId.slice(0, 8)}
        </Link>
      ) : (
        <span className="dim">–</span>
      ),
  },
  {
    name: words.forms.created,
    width: '112px',
    isExtra: true,
    cell: ({ createdAt }) => <When at={createdAt} />,
  },
  {
    name: words.admin.ends,
    width: '112px',
    cell: ({ expiresAt }) => <When at={expiresAt} />,
  },
  {
    name: words.forms.acts,
    width: '96px',
    isNameless: true,
    cell: (one) =>
      one.status === 'unused' && (
        <Button
          look="quiet"
          aria-label={words.admin.revokeTitle(one.label || one.prefix)}
          onClick={() => onRevoke(one)}
        >
          {words.admin.revoke}
        </Button>
      ),
  },
]
