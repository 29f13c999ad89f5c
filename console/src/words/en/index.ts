/** English. A room's words are a file; every other language has the same files and names. */
export { common, keys, status, units } from './common'
export { gate } from './gate'
export { login } from './login'
export { palette } from './palette'
export { task } from './task'
export { why } from './why'
