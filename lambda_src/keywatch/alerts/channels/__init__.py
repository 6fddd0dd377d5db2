"""How an alert looks in each channel: one module a channel."""
