"""``incident``: one incident from its first failing call to its end."""
