/** English. A room's words are a file; every other language has the same files and names. */
import { common, keys, status, units } from './common'
import { login } from './login'

export const en = { common, keys, status, units, login }
export type Words = typeof en
