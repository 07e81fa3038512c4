//! Who is calling: bearer tokens of an OpenID Connect provider.
