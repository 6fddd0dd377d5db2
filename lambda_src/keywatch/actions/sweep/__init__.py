"""The action ``sweep``: every key, alias and key store at risk."""
