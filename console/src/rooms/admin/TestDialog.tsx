import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import type { Schemas } from '../../api/client'
import { asProblem } from '../../api/problem'
import { seen } from '../../lib/seen'
import { duration } from '../../lib/times'
import { testBot, useBindings } from '../../queries/adminBots'
import { Button } from '../../ui/Button'
import { Dialog } from '../../ui/Dialog'
import { detailOf } from '../../ui/detail'
import { Field } from '../../ui/Field'
import { ErrorLine } from '../../ui/FormError'
import { StatusMark } from '../../ui/Status'
import { words } from '../../words'
import styles from './admin.module.css'

type Bot = Schemas['Bot']
type Tested = Schemas['BotTested']

/** Says something through the bot, and shows how that went and what to mend. */
export function TestDialog({ bot, onClose }: { bot: Bot; onClose: () => void }) {
  const [chatId, choose] = useState('')
  const trial = useMutation({ mutationFn: () => testBot(bot.id, chatId || null) })
  const hasChats = bot.platform === 'slack' || bot.platform === 'lark'
  return (
    <Dialog
      isOpen
      title={words.bots.testOf(bot.name)}
      onClose={onClose}
      foot={
        <>
          <Button look="main" disabled={trial.isPending} onClick={() => trial.mutate()}>
            {words.bots.send}
          </Button>
          <Button onClick={onClose}>{words.common.close}</Button>
        </>
      }
    >
      <p className="soft">{words.bots.testAbout}</p>
      {hasChats && <Where bot={bot} chatId={chatId} onChoose={choose} />}
      <div aria-live="polite">
        {trial.isPending && <p className="dim">{words.bots.sending}</p>}
        {trial.isError && <ErrorLine text={detailOf(asProblem(trial.error))} />}
        {trial.data && !trial.isPending && <Result tested={trial.data} />}
      </div>
    </Dialog>
  )
}

function Where(props: { bot: Bot; chatId: string; onChoose: (chatId: string) => void }) {
  const bound = useBindings().data?.filter(({ botId }) => botId === props.bot.id) ?? []
  return (
    <>
      <Field label={words.bots.where} hint={words.bots.whereHint}>
        <input
          className="input mono"
          list="bound-chats"
          autoComplete="off"
          value={props.chatId}
          onChange={(event) => props.onChoose(event.target.value)}
        />
      </Field>
      <datalist id="bound-chats">
        {bound.map(({ id, platformChatId, chatName, projectKey }) => (
          <option key={id} value={platformChatId}>
            {chatName || projectKey}
          </option>
        ))}
      </datalist>
    </>
  )
}

function Result({ tested }: { tested: Tested }) {
  const is = tested.sent ? 'completed' : 'failed'
  return (
    <div className={styles.result} data-is={is}>
      <strong className="row tone">
        <StatusMark look={is} />
        {tested.sent ? words.bots.wasSent : words.bots.wasNotSent}
        <span>{words.bots.took(duration(tested.milliseconds, words.units))}</span>
      </strong>
      <p>{seen(tested.detail)}</p>
      {tested.advice && <p>{tested.advice}</p>}
    </div>
  )
}
