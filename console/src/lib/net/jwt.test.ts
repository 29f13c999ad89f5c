import { describe, expect, it } from 'vitest'
import { expiresAt, ownerOf } from './jwt'

const token = (claims: object) => `x.${btoa(JSON.stringify(claims))}.y`

describe('when a token ends', () => {
  it('is as long after now as it lives, whatever the time on the server is', () => {
    expect(expiresAt(token({ iat: 10_000, exp: 10_900 }), 5_000_000)).toBe(5_900_000)
  })
  it('is its end, where it does not say when it was made', () => {
    expect(expiresAt(token({ exp: 10_900 }), 5_000_000)).toBe(10_900_000)
  })
  it('is at once for what is no token', () => {
    expect(expiresAt('nonsense')).toBe(0)
    expect(expiresAt('')).toBe(0)
  })
})

describe('whose a token is', () => {
  it('is its subject', () => expect(ownerOf(token({ sub: '7' }))).toBe('7'))
  it('is not known of what is no token', () => expect(ownerOf('nonsense')).toBe(null))
})
