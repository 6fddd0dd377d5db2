"""What may be behind a failure: one small function per hypothesis, in families by what AWS said.

Each takes the ``Case`` and answers a ``Explanation``, or ``None`` where it does not apply. The order in
which they are asked is data in ``keywatch.diagnosis.order``; the first explanation wins.
"""
