"""Random worlds: AWS accounts with ground truth, through which the function lives minute by minute, judged against the truth.

A seed is a story (``chronicle``): keys, aliases, key stores and replicas in every state (``kms``), administrators who change
them and programs that fail for the true reason with AWS's own words (``episodes``, ``attempts``, ``words``), records and log
lines of it that are late, lost, doubled and out of order (``records``, ``logs``). The story does not depend on the product.
The function then runs in it (``world``): its ``handler``, with one to three warm instances, cold starts, the clock's minute, and
stand-ins for AWS below boto3 (``wire``, ``kms_api``, ``cloudtrail_api``, ``dynamodb``) that are eventually consistent, paged,
throttled, denied and slow. What was sent is judged (``judge``, ``commands``). ``product`` alone knows the product.

    python -m tests.worlds --worlds 300 --first 1     figures and examples
    python -m tests.worlds --seed 123                 one world's story and verdict
    python -m tests.worlds --only store_down,busy     these episodes in every world

Which feature can bring to light which kind of fault (numbers as in the list of faults found from outside):

    B1  episode ``busy``: the culprit's record is lost, the history is full of uses; LookupEvents pages as the API does
    B2  log lines in the formats of Java, Go, JS and Lambda, which print request ids; ``_structured`` prints a trace id
    B3  episodes ``two_keys`` and ``foreign_key``: two keys in one call, denials that name one
    B4  episode ``says_the_log``: a log line tells of what is not
    B5  episode ``disabled`` (a flip within a minute), late delivery, records in the wrong order
    B6  every key state, and look-ups that are refused while an incident is open
    H1  episode ``store_down``: an external key goes while the store is away
    H2  episode ``disabled_unused`` and ``Scene.innocents``: changes that are undone before anybody looks
    H3  episodes ``store_down`` and ``store_trouble``: commands are judged against the store's state
    H4  episode ``created_just_now``: the record late or lost, KMS lagging, CloudTrail behind by minutes
    H5  episodes ``alias_deleted`` and ``alias_repointed``: a lost DeleteAlias, an UpdateAlias of somebody else before
    H6  episodes ``store_down`` and ``store_trouble``: foreign callers, and the same failure told by logs
    H7  episode ``created_just_now``: the alias is deleted again minutes later
    H8  log lines whose message begins with "This KMS key…"
    C6  episode ``late_news``;  C7  doubled delivery, trail and log of one call;  E2  ``World._come_back``: own look-ups return
"""
