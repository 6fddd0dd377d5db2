"""``incidents``: what is broken now, every subject of every group included."""
