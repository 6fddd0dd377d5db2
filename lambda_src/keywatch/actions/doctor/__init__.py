"""The action ``doctor``: is this deployment working."""
