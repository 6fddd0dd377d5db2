"""The incident page: a custom widget of CloudWatch that shows what is broken now and, on a click, one incident whole.

``widget`` answers the dashboard's calls; ``view`` turns an incident into an alert document, the
same that channels get; ``listing`` and ``detail`` render documents as HTML. CloudWatch runs no
script and removes what it does not trust; nothing here relies on that: everything that KeyWatch did
not write itself goes through ``alerts.escape.html``.
"""
