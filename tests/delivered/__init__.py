"""Logs as they really arrive, and what the product makes of them.

Programs with real SDKs (``programs``) fail against a local endpoint that answers KMS's own error bodies
(``calls``); what their loggers print (``outputs``) becomes log events as containers, routers and terminals
leave them (``delivery``), passes the documented filter grammar (``grammar``) and is judged against the
truth (``measure``, ``streams``). SDKs that are not run here are in a grid of print formats (``formats``);
ordinary lines (``ordinary``) and labelled texts (``reports``) complete the picture. ``product`` alone knows
where the product's parts are. ``python -m tests.delivered --help`` prints tables and misses.
"""
