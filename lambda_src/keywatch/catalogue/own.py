"""What KeyWatch calls things of its own, where its stack must use the same name. Data only."""

# The alias for which the canary asks every hour, and which nothing may have. The rule on failing
# calls lets this one call of KeyWatch pass.
CANARY_ALIAS = "alias/keywatch-canary-that-never-exists"

# The other call of the canary, which the function's own role forbids it, and which it makes for
# nothing else. Read-only: it would tell whether a key is rotated.
CANARY_DENIED_CALL = "GetKeyRotationStatus"

# The function's role, without its Region. A look-up in another Region comes back as an event
# *there*. The rules of a Region leave out the role of its own function; the function leaves out
# those of all Regions (keywatch.settings.Settings.own_roles), so that no Region has to know where
# else KeyWatch is. Each is left out by its whole name: a role that somebody calls
# KeyWatch-function-x hides nothing.
ROLE_NAME_PREFIX = "KeyWatch-function-"

# The bus of the hub, which rules of other accounts and Regions send to.
HUB_BUS = "KeyWatch"

# The role by which the hub looks into an account: the same name in each.
LOOK_UP_ROLE = "KeyWatchLookUps"

# How the names of a spoke's rules begin, and its queue of what could not be sent to the hub.
SPOKE = "KeyWatchSpoke"
SPOKE_DEAD_LETTERS = f"{SPOKE}-Undelivered"
