"""Who may come in: credentials, sessions and the OAuth endpoints."""
