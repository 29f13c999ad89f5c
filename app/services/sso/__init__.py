"""Single sign-on by OpenID Connect: providers, the way there and back, and who somebody is here."""
