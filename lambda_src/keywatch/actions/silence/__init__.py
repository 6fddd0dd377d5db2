"""``silence`` and ``unsilence``: no messages about something for a while, and the end of that."""
