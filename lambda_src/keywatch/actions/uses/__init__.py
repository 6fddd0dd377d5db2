"""``uses``: what depends on a key."""
