export const login = {
  title: 'Sign in',
  to: (host: string) => `to ${host}`,
  username: 'Username',
  password: 'Password',
  showPassword: 'Show what is typed',
  hidePassword: 'Hide what is typed',
  submit: 'Sign in',
  or: 'or',
  codeTitle: 'Enter your code',
  codeAbout: 'The six digits from your authenticator, or a recovery code.',
  code: 'Code',
  confirm: 'Confirm',
  back: 'Back',
  wrong: 'Username or password is wrong.',
  wrongCode: 'This code is not right, or was used.',
  left: (tries: number) => (tries === 1 ? '1 more try.' : `${tries} more tries.`),
  rest: (minutes: number) =>
    minutes === 1 ? 'Too many tries. Wait a minute.' : `Too many tries. Wait ${minutes} minutes.`,
  insecureTitle: 'It is not safe to sign in here',
  insecure: (host: string) =>
    `${host} speaks plain HTTP, where others on the way can read along and browsers switch off what the console needs. Open it by https:// instead, or on the machine itself at http://localhost.`,
  insecureHow:
    'Whoever runs this server gives it a certificate: MUSTER_TLS_CERT and MUSTER_TLS_KEY, or a proxy in front of it.',
  passwordOff: 'Passwords are switched off here. Sign in by your provider.',
  providerRefused: {
    invalid_sign_in: 'What the provider said could not be used. Sign in again.',
    sign_in_refused: 'No account here lets you in that way. Ask an admin: the audit log says why.',
    unavailable: 'The provider could not be asked. Try again in a minute.',
  } as Record<string, string>,
}
