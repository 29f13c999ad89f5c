/** The entry, small: what takes a way to the server goes at once, and all of it together. */
import './styles/index.css'
import { token } from './auth/session'
import { loadStrings } from './i18n'

token().catch(() => {}) // who needs it asks again, and tells
void loadStrings()
void import('./main')
