"""``test_alert``: a message that says it is a test, through every channel."""
