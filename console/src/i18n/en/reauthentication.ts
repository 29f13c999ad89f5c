export const reauthentication = {
  title: 'Confirm your identity',
  about:
    'This change outlasts your session. To make it, you must have confirmed your identity in the last ten minutes.',
  password: 'Password',
  code: 'Code from your authenticator app',
  codeHint: 'Enter either your password or a code.',
  submit: 'Confirm',
  by: (provider: string) => `Sign in again with ${provider}`,
  refused: "Your identity wasn't confirmed. Sign in again with your own account at the provider.",
  byAbout: "You'll return to this page. Then repeat the action.",
}
