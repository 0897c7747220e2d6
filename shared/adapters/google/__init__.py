"""Google besides Gmail: OAuth, sign-in, ID tokens, credentials, Cloud Tasks."""
