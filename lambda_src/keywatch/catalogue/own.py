"""What KeyWatch calls things of its own, where its stack must use the same name. Data only."""

# The alias for which the canary asks every hour, and which nothing may have. The rule on failing
# calls lets this one call of KeyWatch pass.
CANARY_ALIAS = "alias/keywatch-canary-that-never-exists"

# The other call of the canary, which the function's own role forbids it, and which it makes for
# nothing else. Read-only: it would tell whether a key is rotated.
CANARY_DENIED_CALL = "GetKeyRotationStatus"

# The function's role, without its Region. A look-up in another Region comes back as an event
# *there*: the rules of each Region leave out the roles of all Regions of this deployment, so that
# two of them cannot keep each other busy. Each is left out by its whole name: a role that somebody
# calls KeyWatch-function-x hides nothing.
ROLE_NAME_PREFIX = "KeyWatch-function-"
