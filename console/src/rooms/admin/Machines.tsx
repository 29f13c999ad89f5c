import { Link } from '@tanstack/react-router'
import type { Schemas } from '../../api/client'
import { changeMachine, useAllMachines } from '../../queries/adminMachines'
import { Rows } from '../../ui/Rows'
import { type Column, Table } from '../../ui/Table'
import { say, sayBroken } from '../../ui/toasts'
import { When } from '../../ui/When'
import { words } from '../../words'
import { MachineStatus } from '../machines/MachineMark'
import { ChangeMachineDialog, DecommissionDialog } from './MachineDialogs'
import { RowMenu } from './RowMenu'
import { useOpened } from './useOpened'

type Machine = Schemas['Machine']
type What = 'change' | 'decommission'
type Open = (what: What, on: Machine) => () => void

export function Machines() {
  const { opened, open, close } = useOpened<What, Machine>()
  return (
    <>
      <Rows list={useAllMachines()} empty={words.admin.noMachines}>
        {(rows) => (
          <Table
            label={words.admin.machines}
            columns={columns(open)}
            rows={rows}
            keyOf={({ id }) => id}
          />
        )}
      </Rows>
      {opened?.what === 'change' && <ChangeMachineDialog machine={opened.on} onClose={close} />}
      {opened?.what === 'decommission' && (
        <DecommissionDialog machine={opened.on} onClose={close} />
      )}
    </>
  )
}

const columns = (open: Open): Column<Machine>[] => [
  {
    name: words.forms.name,
    cell: ({ id, name }) => (
      <Link to="/machines/$machineId" params={{ machineId: id }}>
        {name}
      </Link>
    ),
  },
  {
    name: words.forms.status,
    width: '136px',
    cell: ({ status }) => <MachineStatus standing={status} />,
  },
  {
    name: words.admin.slots,
    width: '80px',
    isNumber: true,
    cell: ({ slots }) => `${slots.used} / ${slots.total}`,
  },
  { name: words.admin.labels, isExtra: true, cell: (one) => <Labels machine={one} /> },
  {
    name: words.admin.version,
    width: '112px',
    isExtra: true,
    cell: ({ version }) => <span className="mono">{version}</span>,
  },
  {
    name: words.admin.lastSeen,
    width: '104px',
    cell: ({ lastSeenAt }) => <When at={lastSeenAt} />,
  },
  {
    name: words.forms.acts,
    width: '64px',
    isNameless: true,
    cell: (one) => <RowMenu name={one.name} items={actsOn(one, open)} />,
  },
]

function Labels({ machine }: { machine: Machine }) {
  const all = Object.entries({ ...machine.labels, ...machine.adminLabels })
  return <code>{all.map(([name, value]) => `${name}=${value}`).join(' ') || '–'}</code>
}

function actsOn(one: Machine, open: Open) {
  if (one.status === 'decommissioned') {
    return [{ name: words.admin.dead, isBad: true, act: open('decommission', one) }]
  }
  const isDrained = one.drain !== null
  return [
    { name: words.forms.edit, act: open('change', one) },
    isDrained
      ? { name: words.admin.undrain, act: () => become(one, 'online') }
      : { name: words.admin.drain, act: () => become(one, 'draining') },
    one.pinned
      ? { name: words.admin.unpin, act: () => pin(one, false) }
      : { name: words.admin.pin, act: () => pin(one, true) },
    null,
    { name: words.admin.decommission, isBad: true, act: open('decommission', one) },
  ]
}

function become({ id, name }: Machine, status: 'online' | 'draining'): void {
  const told = status === 'online' ? words.admin.undrained : words.admin.drained
  changeMachine(id, { status }).then(() => say(told(name)), sayBroken)
}

function pin({ id, name }: Machine, pinned: boolean): void {
  const told = pinned ? words.admin.pinned : words.admin.unpinned
  changeMachine(id, { pinned }).then(() => say(told(name)), sayBroken)
}
