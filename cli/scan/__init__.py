"""``keywatch scan``: what KeyWatch would have told, read from CloudTrail's own log files before anything is deployed.

The way through: ``inputs`` names the files, ``unpack`` makes bytes of them, ``carve`` finds their
records, ``relevant`` those that may tell of a key, ``log_file`` reads one file, ``work`` many at once.
What they tell is kept on disk (``workspace``), so that memory is bounded whatever the size, and is
gathered into incidents by ``incidents`` with the function's own counting and diagnosis. ``summary``
and the reports show them.
"""
