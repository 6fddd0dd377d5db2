"""Read-only questions to AWS, and which of them a failure deserves."""
