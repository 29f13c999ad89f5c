export const reauthentication = {
  title: 'Confirm that it is you',
  about:
    'What you are about to do would outlast this login, so it wants your proof of the last ten minutes.',
  password: 'Password',
  code: 'Code from your authenticator',
  codeHint: 'Either one is enough.',
  submit: 'Confirm',
  by: (provider: string) => `Sign in again at ${provider}`,
  refused: 'That was not you, or not a new sign-in: nothing is confirmed.',
  byAbout: 'You come back to this page, and do it once more.',
}
