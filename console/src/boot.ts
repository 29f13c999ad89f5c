/** The entry, small: what takes a way to the server goes at once, and all of it together. */
import './styles/index.css'
import { token } from './session/session'
import { loadWords } from './words'

token().catch(() => {}) // who needs it asks again, and tells
void loadWords()
void import('./main')
