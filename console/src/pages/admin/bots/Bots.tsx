import type { Schemas } from '../../../api/client'
import { Button } from '../../../components/controls/Button'
import { EmptyState } from '../../../components/feedback/EmptyState'
import { RelativeTime } from '../../../components/status/RelativeTime'
import { PagedList } from '../../../components/tables/PagedList'
import { type Column, Table } from '../../../components/tables/Table'
import { strings } from '../../../i18n'
import { deleteBot, useBots } from '../../../queries/adminBots'
import { ConfirmDialog } from '../ConfirmDialog'
import { RowMenu } from '../RowMenu'
import { useOpenDialog } from '../useOpenDialog'
import { ChangeBotDialog } from './BotDialogs'
import { TestDialog } from './TestDialog'

type Bot = Schemas['Bot']
type BotAction = 'test' | 'change' | 'delete'
type OpenBotDialog = (what: BotAction, on: Bot) => () => void

export function Bots() {
  const { opened, open, close } = useOpenDialog<BotAction, Bot>()
  return (
    <>
      <PagedList list={useBots()} empty={<EmptyState title={strings.bots.noBots} />}>
        {(rows) => (
          <Table
            label={strings.admin.bots}
            columns={columns(open)}
            rows={rows}
            keyOf={({ id }) => id}
          />
        )}
      </PagedList>
      {opened?.what === 'test' && <TestDialog bot={opened.on} onClose={close} />}
      {opened?.what === 'change' && <ChangeBotDialog bot={opened.on} onClose={close} />}
      {opened?.what === 'delete' && (
        <ConfirmDialog
          title={strings.bots.deleteBot(opened.on.name)}
          about={strings.bots.deleteAbout}
          submit={strings.bots.deleteBot(opened.on.name)}
          act={() => deleteBot(opened.on.id)}
          onClose={close}
        />
      )}
    </>
  )
}

const columns = (open: OpenBotDialog): Column<Bot>[] => [
  { name: strings.forms.name, cell: ({ name }) => name },
  {
    name: strings.bots.platform,
    width: '152px',
    cell: ({ platform }) => strings.bots.platforms[platform],
  },
  {
    name: strings.bots.app,
    cell: ({ appId }) => (appId ? <code>{appId}</code> : <span className="dim">–</span>),
  },
  { name: strings.bots.auditStream, width: '24%', cell: (bot) => <AuditStreamStatus bot={bot} /> },
  {
    name: strings.forms.created,
    width: '112px',
    isExtra: true,
    cell: ({ createdAt }) => <RelativeTime at={createdAt} />,
  },
  {
    name: strings.forms.actions,
    width: '128px',
    isHeaderHidden: true,
    cell: (bot) => (
      <span className="row" style={{ justifyContent: 'end' }}>
        <Button aria-label={strings.bots.testOf(bot.name)} onClick={open('test', bot)}>
          {strings.bots.test}
        </Button>
        <RowMenu
          name={bot.name}
          items={[
            { name: strings.forms.edit, onSelect: open('change', bot) },
            { name: strings.forms.delete, isBad: true, onSelect: open('delete', bot) },
          ]}
        />
      </span>
    ),
  },
]

/** The last audit log entry sent to a webhook, and its latest failure. */
function AuditStreamStatus({ bot: { auditLog, auditStream } }: { bot: Bot }) {
  if (!auditLog || auditStream === null) return <span className="dim">{strings.forms.off}</span>
  const { sent, failures, error } = auditStream
  return (
    <span title={error ?? undefined}>
      {strings.bots.streamAt(sent)}
      {failures > 0 && (
        <span className="tone" data-is="failed">
          {' · '}
          {strings.bots.streamFails(failures)}
        </span>
      )}
    </span>
  )
}
