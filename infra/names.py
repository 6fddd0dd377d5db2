"""Names that must be known before anything is deployed, because rules, policies and settings are checked against them."""

# The function's role, without its Region. A look-up in another Region comes back as an event
# *there*: the rules of each Region leave out the roles of all Regions of this deployment, so that
# two of them cannot keep each other busy. Each is left out by its whole name: a role that somebody
# calls KeyWatch-function-x hides nothing.
ROLE_NAME_PREFIX = "KeyWatch-function-"

# KeyWatch's own log groups. They quote KMS errors, so they must never be subscribed to the
# function.
LOG_GROUP_NAME = "/keywatch/function"
PAGE_LOG_GROUP_NAME = "/keywatch/page"
OWN_LOG_GROUPS = (LOG_GROUP_NAME, PAGE_LOG_GROUP_NAME)
