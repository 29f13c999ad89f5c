// @vitest-environment jsdom
import { describe, expect, it } from 'vitest'
import type { FormValues } from '../../components/forms/useForm'
import { strings } from '../../i18n'
import { checkSentences } from '../../i18n/zh/projectChecks'
import { checkBody, stepSentence } from './checkText'

const given = (fields: Record<string, string>): FormValues => ({
  exact: (name) => fields[name] ?? '',
  text: (name) => (fields[name] ?? '').trim(),
  isChecked: (name) => name in fields,
  all: () => [],
})

describe('a check', () => {
  it('sends what is filled in, and removes a login only if that is chosen', () => {
    expect(checkBody(given({ repoUrl: ' https://h/x ', gitToken: '', defaultBranch: '' }))).toEqual(
      { repoUrl: 'https://h/x' },
    )
    expect(checkBody(given({ gitTokenRemoved: 'on', sshKey: 'a\n' }))).toEqual({
      gitToken: null,
      sshKey: 'a\n',
    })
  })
  it('shows the sentence of the language, or else of the server', () => {
    const step = { code: 'branch_missing', message: 'No branch main.', params: { branch: 'main' } }
    expect(stepSentence(step)).toBe('No branch main.')
    strings.checkSentences.branch_missing = checkSentences.branch_missing ?? ''
    expect(stepSentence(step)).toContain('没有分支 main')
    delete strings.checkSentences.branch_missing
  })
})
