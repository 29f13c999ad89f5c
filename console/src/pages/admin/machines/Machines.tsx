import { Link } from '@tanstack/react-router'
import type { Schemas } from '../../../api/client'
import { MachineStatus } from '../../../components/status/MachineStatus'
import { RelativeTime } from '../../../components/status/RelativeTime'
import { PagedList } from '../../../components/tables/PagedList'
import { type Column, Table } from '../../../components/tables/Table'
import { strings } from '../../../i18n'
import { machineStatus } from '../../../lib/machine/machines'
import { changeMachine, useAllMachines } from '../../../queries/adminMachines'
import { showErrorToast, showToast } from '../../../state/toasts'
import { RowMenu } from '../RowMenu'
import { useOpenDialog } from '../useOpenDialog'
import { ChangeMachineDialog, DecommissionDialog } from './MachineDialogs'

type Machine = Schemas['Machine']
type MachineAction = 'change' | 'decommission'
type OpenMachineDialog = (what: MachineAction, on: Machine) => () => void

export function Machines() {
  const { opened, open, close } = useOpenDialog<MachineAction, Machine>()
  return (
    <>
      <PagedList list={useAllMachines()} empty={strings.admin.noMachines}>
        {(rows) => (
          <Table
            label={strings.admin.machines}
            columns={columns(open)}
            rows={rows}
            keyOf={({ id }) => id}
          />
        )}
      </PagedList>
      {opened?.what === 'change' && <ChangeMachineDialog machine={opened.on} onClose={close} />}
      {opened?.what === 'decommission' && (
        <DecommissionDialog machine={opened.on} onClose={close} />
      )}
    </>
  )
}

const columns = (open: OpenMachineDialog): Column<Machine>[] => [
  {
    name: strings.forms.name,
    cell: ({ id, name }) => (
      <Link to="/machines/$machineId" params={{ machineId: id }}>
        {name}
      </Link>
    ),
  },
  {
    name: strings.forms.status,
    width: '136px',
    cell: (one) => <MachineStatus standing={machineStatus(one)} />,
  },
  {
    name: strings.admin.slots,
    width: '80px',
    isNumber: true,
    cell: ({ slots }) => `${slots.used} / ${slots.total}`,
  },
  { name: strings.admin.labels, isExtra: true, cell: (one) => <Labels machine={one} /> },
  {
    name: strings.admin.version,
    width: '112px',
    isExtra: true,
    cell: ({ version }) => <span className="mono">{version}</span>,
  },
  {
    name: strings.admin.lastSeen,
    width: '104px',
    cell: ({ lastSeenAt }) => <RelativeTime at={lastSeenAt} />,
  },
  {
    name: strings.forms.actions,
    width: '64px',
    isHeaderHidden: true,
    cell: (one) => <RowMenu name={one.name} items={machineActions(one, open)} />,
  },
]

function Labels({ machine }: { machine: Machine }) {
  const all = Object.entries({ ...machine.labels, ...machine.adminLabels })
  return <code>{all.map(([name, value]) => `${name}=${value}`).join(' ') || '–'}</code>
}

function machineActions(one: Machine, open: OpenMachineDialog) {
  if (one.status === 'decommissioned') {
    return [{ name: strings.admin.dead, isBad: true, onSelect: open('decommission', one) }]
  }
  const isDrained = one.drain !== null
  return [
    { name: strings.forms.edit, onSelect: open('change', one) },
    isDrained
      ? { name: strings.admin.undrain, onSelect: () => setStatus(one, 'online') }
      : { name: strings.admin.drain, onSelect: () => setStatus(one, 'draining') },
    one.pinned
      ? { name: strings.admin.unpin, onSelect: () => setPinned(one, false) }
      : { name: strings.admin.pin, onSelect: () => setPinned(one, true) },
    null,
    { name: strings.admin.decommission, isBad: true, onSelect: open('decommission', one) },
  ]
}

function setStatus({ id, name }: Machine, status: 'online' | 'draining'): void {
  const format = status === 'online' ? strings.admin.undrained : strings.admin.drained
  changeMachine(id, { status }).then(() => showToast(format(name)), showErrorToast)
}

function setPinned({ id, name }: Machine, pinned: boolean): void {
  const format = pinned ? strings.admin.pinned : strings.admin.unpinned
  changeMachine(id, { pinned }).then(() => showToast(format(name)), showErrorToast)
}
