import { useState } from 'react'
import type { Schemas } from '../../api/client'
import { changeBot, createBot } from '../../queries/adminBots'
import { Check } from '../../ui/Check'
import { Field } from '../../ui/Field'
import { FormDialog } from '../../ui/FormDialog'
import type { Form, Given } from '../../ui/useForm'
import { words } from '../../words'

type Bot = Schemas['Bot']
type Platform = Bot['platform']

export function NewBotDialog({ onClose }: { onClose: () => void }) {
  const [platform, choose] = useState<Platform>('slack')
  const act = (given: Given) =>
    createBot({
      platform,
      name: given.text('name'),
      ...credentials(platform, given),
      ...(platform === 'webhook' && { auditLog: given.isOn('auditLog') }),
    } as Schemas['NewBot'])
  return (
    <FormDialog
      title={words.bots.newBot}
      submit={words.forms.create}
      act={act}
      done={onClose}
      onClose={onClose}
    >
      {(form) => (
        <>
          <Field label={words.bots.platform}>
            <select
              className="input"
              value={platform}
              onChange={(event) => choose(event.target.value as Platform)}
            >
              {Object.entries(words.bots.platforms).map(([one, name]) => (
                <option key={one} value={one}>
                  {name}
                </option>
              ))}
            </select>
          </Field>
          <BotFields key={platform} platform={platform} form={form} />
        </>
      )}
    </FormDialog>
  )
}

export function ChangeBotDialog({ bot, onClose }: { bot: Bot; onClose: () => void }) {
  const act = (given: Given) =>
    changeBot(bot.id, {
      name: given.text('name'),
      ...credentials(bot.platform, given),
      ...(bot.platform === 'webhook' && { auditLog: given.isOn('auditLog') }),
    })
  return (
    <FormDialog
      title={words.bots.change(bot.name)}
      submit={words.common.save}
      act={act}
      done={onClose}
      onClose={onClose}
    >
      {(form) => <BotFields platform={bot.platform} bot={bot} form={form} />}
    </FormDialog>
  )
}

function BotFields({ platform, bot, form }: { platform: Platform; bot?: Bot; form: Form }) {
  return (
    <>
      <Field label={words.forms.name} error={form.errorOf('name')}>
        <input
          className="input"
          name="name"
          maxLength={100}
          autoComplete="off"
          defaultValue={bot?.name}
          required
        />
      </Field>
      {Object.entries(words.bots.fields[platform] ?? {}).map(([field, label]) => (
        <Field key={field} label={label} error={form.errorOf(field)} {...hintOf(field, bot)}>
          <input
            className="input mono"
            name={field}
            type={field === 'appId' ? 'text' : 'password'}
            autoComplete="off"
            defaultValue={field === 'appId' ? (bot?.appId ?? '') : ''}
            required={bot === undefined && field !== 'encryptKey'}
          />
        </Field>
      ))}
      {platform === 'webhook' && (
        <Check
          name="auditLog"
          label={words.bots.auditLog}
          hint={words.bots.auditLogHint}
          defaultChecked={bot?.auditLog}
        />
      )}
    </>
  )
}

function hintOf(field: string, bot: Bot | undefined): { hint?: string } {
  if (field === 'appId') return {}
  if (bot && isSet(field, bot)) return { hint: words.bots.isSet }
  return field === 'encryptKey' ? { hint: words.bots.encryptAdvised } : {}
}

function isSet(field: string, bot: Bot): boolean {
  const told = { appSecret: bot.hasAppSecret, webhookToken: bot.hasWebhookToken }
  return field === 'encryptKey' ? bot.hasEncryptKey : (told[field as keyof typeof told] ?? false)
}

/** What was typed; a secret that was left empty is not among it, and stays. */
function credentials(platform: Platform, { exact }: Given): Record<string, string> {
  const fields = Object.keys(words.bots.fields[platform] ?? {})
  const typed = fields.map((field) => [field, exact(field).trim()] as const)
  return Object.fromEntries(typed.filter(([, text]) => text !== ''))
}
