/** The entry point. It is small, so that all requests to the server start immediately and in
 *  parallel. */
import './styles/index.css'
import { token } from './auth/session'
import { loadStrings } from './i18n'

token().catch(() => {}) // callers that need the token retry and report the error
void loadStrings()
void import('./main')
