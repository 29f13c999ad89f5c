import type { Schemas } from '../../api/client'
import { deleteBot, useBots } from '../../queries/adminBots'
import { Button } from '../../ui/Button'
import { Empty } from '../../ui/Empty'
import { Rows } from '../../ui/Rows'
import { type Column, Table } from '../../ui/Table'
import { When } from '../../ui/When'
import { words } from '../../words'
import { AskDialog } from './AskDialog'
import { ChangeBotDialog } from './BotDialogs'
import { RowMenu } from './RowMenu'
import { TestDialog } from './TestDialog'
import { useOpened } from './useOpened'

type Bot = Schemas['Bot']
type What = 'test' | 'change' | 'delete'
type Open = (what: What, on: Bot) => () => void

export function Bots() {
  const { opened, open, close } = useOpened<What, Bot>()
  return (
    <>
      <Rows list={useBots()} empty={<Empty title={words.bots.noBots} />}>
        {(rows) => (
          <Table
            label={words.admin.bots}
            columns={columns(open)}
            rows={rows}
            keyOf={({ id }) => id}
          />
        )}
      </Rows>
      {opened?.what === 'test' && <TestDialog bot={opened.on} onClose={close} />}
      {opened?.what === 'change' && <ChangeBotDialog bot={opened.on} onClose={close} />}
      {opened?.what === 'delete' && (
        <AskDialog
          title={words.bots.deleteBot(opened.on.name)}
          about={words.bots.deleteAbout}
          submit={words.bots.deleteBot(opened.on.name)}
          act={() => deleteBot(opened.on.id)}
          onClose={close}
        />
      )}
    </>
  )
}

const columns = (open: Open): Column<Bot>[] => [
  { name: words.forms.name, cell: ({ name }) => name },
  {
    name: words.bots.platform,
    width: '152px',
    cell: ({ platform }) => words.bots.platforms[platform],
  },
  {
    name: words.bots.app,
    cell: ({ appId }) => (appId ? <code>{appId}</code> : <span className="dim">–</span>),
  },
  { name: words.bots.auditStream, width: '24%', cell: (bot) => <Stream bot={bot} /> },
  {
    name: words.forms.created,
    width: '112px',
    isExtra: true,
    cell: ({ createdAt }) => <When at={createdAt} />,
  },
  {
    name: words.forms.acts,
    width: '128px',
    isNameless: true,
    cell: (bot) => (
      <span className="row" style={{ justifyContent: 'end' }}>
        <Button aria-label={words.bots.testOf(bot.name)} onClick={open('test', bot)}>
          {words.bots.test}
        </Button>
        <RowMenu
          name={bot.name}
          items={[
            { name: words.forms.edit, act: open('change', bot) },
            { name: words.forms.delete, isBad: true, act: open('delete', bot) },
          ]}
        />
      </span>
    ),
  },
]

/** How far a webhook has been told the audit log, and what went wrong. */
function Stream({ bot: { auditLog, auditStream } }: { bot: Bot }) {
  if (!auditLog || auditStream === null) return <span className="dim">{words.forms.off}</span>
  const { sent, failures, error } = auditStream
  return (
    <span title={error ?? undefined}>
      {words.bots.streamAt(sent)}
      {failures > 0 && (
        <span className="tone" data-is="failed">
          {' · '}
          {words.bots.streamFails(failures)}
        </span>
      )}
    </span>
  )
}
