export const reauthentication = {
  title: 'Confirm your identity',
  about: 'This change outlives your session, so it needs a confirmation from the last ten minutes.',
  password: 'Password',
  code: 'Code from your authenticator app',
  codeHint: 'The password or a code is enough.',
  submit: 'Confirm',
  by: (provider: string) => `Sign in again with ${provider}`,
  refused: 'Your identity is not confirmed. Sign in again, with your own account at the provider.',
  byAbout: 'You return to this page. Then repeat the action.',
}
