"""Failures on KMS keys in arbitrary text: log lines, stack traces, JSON of any depth, tool output."""
