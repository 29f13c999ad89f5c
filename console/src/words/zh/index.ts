import type { Words } from '../en'
import { common, keys, status, units } from './common'
import { login } from './login'

export const zh: Words = { common, keys, status, units, login }
