"""The stack: what KeyWatch deploys into an account, one construct for each concern."""
