"""Single sign-on by OpenID Connect: providers, the sign-in flow, and account matching."""
