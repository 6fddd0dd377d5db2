"""Manual requests: the same look-ups and diagnosis as alerts, on demand. One folder or module for each action."""
