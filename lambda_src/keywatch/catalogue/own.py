"""What KeyWatch calls things of its own, where its stack must use the same name. Data only."""

# The alias for which the canary asks every hour, and which nothing may have. The rule on failing
# calls lets this one call of KeyWatch pass.
CANARY_ALIAS = "alias/keywatch-canary-that-never-exists"

# The other call of the canary, which the function's own role forbids it, and which it makes for
# nothing else. Read-only: it would tell whether a key is rotated.
CANARY_DENIED_CALL = "GetKeyRotationStatus"
