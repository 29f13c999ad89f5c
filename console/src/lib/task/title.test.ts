import { describe, expect, it } from 'vitest'
import { bodyOf, titleOf } from './title'

describe('a description', () => {
  it('has its first line as title, without the marks of a heading', () => {
    expect(titleOf('\n## Fix the parser  \n\nIt fails.')).toBe('Fix the parser')
    expect(bodyOf('\n## Fix the parser  \n\nIt fails.')).toBe('It fails.')
  })
  it('of one line has no rest', () => {
    expect(bodyOf('Fix it')).toBe('')
  })
  it('is cut in the title where its first line is long, and then stands below as a whole', () => {
    const long = 'x'.repeat(200)
    expect(titleOf(long)).toHaveLength(160)
    expect(bodyOf(long)).toBe(long)
  })
})
