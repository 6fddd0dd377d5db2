"""Names that must be known before anything is deployed, because rules, policies and settings are checked against them."""

# What a stack is called, wherever it is. Stacks of different Regions may share a name.
STACK_NAME = "KeyWatch"

# KeyWatch's own log groups. They quote KMS errors, so they must never be subscribed to the
# function.
LOG_GROUP_NAME = "/keywatch/function"
PAGE_LOG_GROUP_NAME = "/keywatch/page"
OWN_LOG_GROUPS = (LOG_GROUP_NAME, PAGE_LOG_GROUP_NAME)

# The topic of chat alerts in the Regions other than that of the chat configuration, which names it.
CHAT_TOPIC_NAME = "KeyWatch-chat"
