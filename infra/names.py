"""Names that must be known before anything is deployed, because rules, policies and settings are checked against them."""

# KeyWatch's own log groups. They quote KMS errors, so they must never be subscribed to the
# function.
LOG_GROUP_NAME = "/keywatch/function"
PAGE_LOG_GROUP_NAME = "/keywatch/page"
OWN_LOG_GROUPS = (LOG_GROUP_NAME, PAGE_LOG_GROUP_NAME)
