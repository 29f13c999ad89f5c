import { expect, test } from 'vitest'
import type { Schemas } from '../../../api/client'
import { changedSettings } from './settingValues'

const setting = (more: Partial<Schemas['Setting']>): Schemas['Setting'] => ({
  key: 'maxSlots',
  name: 'Slots per machine',
  group: 'machines',
  type: 'integer',
  unit: 'slots',
  help: '',
  minimum: 1,
  maximum: 1000,
  pattern: null,
  choices: null,
  warning: null,
  default: 64,
  value: 64,
  updatedAt: null,
  updatedBy: null,
  ...more,
})

test('what was not touched is not sent', () => {
  expect(changedSettings([setting({})], {})).toEqual({})
  expect(changedSettings([setting({})], { maxSlots: '64' })).toEqual({})
})

test('a number is sent as one', () => {
  expect(changedSettings([setting({})], { maxSlots: ' 8 ' })).toEqual({ maxSlots: 8 })
})

test('an emptied field goes back to the default', () => {
  expect(changedSettings([setting({ value: 8 })], { maxSlots: '' })).toEqual({ maxSlots: null })
  expect(changedSettings([setting({})], { maxSlots: '' })).toEqual({})
})

test('a text stays a text', () => {
  const url = setting({ key: 'publicUrl', type: 'string', default: '', value: '' })
  expect(changedSettings([url], { publicUrl: '8' })).toEqual({ publicUrl: '8' })
})

test('the default is sent as such, so that it follows the deployment', () => {
  expect(changedSettings([setting({ value: 8 })], { maxSlots: '64' })).toEqual({ maxSlots: null })
})
