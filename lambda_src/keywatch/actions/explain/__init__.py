"""The action ``explain``: what an error text, stack trace, log line or record means. No AWS call, no settings, no credentials."""

from keywatch.actions.explain.answer import explain

__all__ = ["explain"]
