"""The action ``doctor``: can this deployment see and speak."""
