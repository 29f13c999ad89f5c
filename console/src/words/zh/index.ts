export { common, keys, status, units } from './common'
export { login } from './login'
export { palette } from './palette'
