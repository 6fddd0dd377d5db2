"""KeyWatch: why an AWS KMS key was not found or could not be used, and how to fix it.

Imports run one way: text, identifiers, causes, signals → sources → incidents → evidence → diagnosis
→ alerts → pipeline, clock, checks → ``handler``.
"""
