"""The action ``check``: can this key be used, and if not, why."""
