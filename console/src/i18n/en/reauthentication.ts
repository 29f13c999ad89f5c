export const reauthentication = {
  title: 'Confirm your identity',
  about:
    'This change outlasts your session, so you must have confirmed your identity in the last ten minutes.',
  password: 'Password',
  code: 'Code from your authenticator app',
  codeHint: 'The password or a code is enough.',
  submit: 'Confirm',
  by: (provider: string) => `Sign in again with ${provider}`,
  refused: "Your identity wasn't confirmed. Sign in again with your own account at the provider.",
  byAbout: "You'll return to this page. Then repeat the action.",
}
