"""What is known of a cause: everything that the rest of KeyWatch asks about one is a field of its record.

The sources of the sentences and commands are the pages of the KMS Developer Guide that ``doc``
names.
"""

from dataclasses import dataclass
from enum import StrEnum

from keywatch.catalogue.protected import PROTECTED_FACTS
from keywatch.model.levels import Severity

# The facts of a case that commands may name; all are text, and any may be unknown.
FACTS = (
    "key",  # key id or key ARN
    "multi_region_key",  # the same, where it is a multi-Region key
    "alias",  # alias/<name>
    "identifier",  # what the caller asked for, as typed
    "did_you_mean",  # what the caller most likely meant
    "region",  # the Region of the failing call
    "key_region",  # the Region in which the key lives, where that is another one
    "account",  # the account of the failing call
    "partition",  # aws, aws-cn, aws-us-gov...
    "principal",  # ARN of the user or role that made the call
    "operation",  # the permission of KMS that the call needs (Decrypt, ReEncryptFrom)
    "key_store",  # custom key store id
    "xks_key",  # id of the external key in its own key manager
    "deletion_date",  # when the key is gone for good
    "function",  # ARN of the Lambda function whose environment could not be decrypted
    "role",  # ARN of that function's role
    "role_name",  # the name of that role
    # What the AWS service was encrypting or decrypting, as its own commands name it.
    *PROTECTED_FACTS,
)

# What a look-up of the case saw, or nothing where none was possible: what a command that changes
# something is held against before it is offered.
SEEN = (
    "key_state",  # KeyState of the key; unseen, the one in which the last known change left it
    "store_state",  # ConnectionState of the key store
    "alias_exists",  # yes or no
    "replica_is_missing",  # yes: the primary key was seen and names no replica where the call was made
    "role_is_newer",  # yes: the function's role was created after the function was last changed
)


class Lookup(StrEnum):
    """A question to AWS that may settle a cause; ``keywatch.lookups.plan`` asks it."""

    KEY = "DescribeKey of what the call named"
    ELSEWHERE = "DescribeKey of the same name in other Regions and in KeyWatch's own account"
    REGION_OF_ARN = "DescribeKey in the Region that the ARN names"
    ALIASES = "ListAliases, to see when the alias was made and which one was meant"
    CORRECTED = "DescribeKey or ListAliases of the corrected identifier, and nothing else"
    KEY_STORE = "DescribeCustomKeyStores of the store that the call or the key names"
    LAMBDA_ROLE = "GetFunctionConfiguration and GetRole, where Lambda made the call for a function"


# What is missing may live elsewhere, or be a slip of somebody who meant another alias.
WHERE_IS_IT = frozenset({Lookup.KEY, Lookup.ELSEWHERE, Lookup.ALIASES})
KEY_AND_STORE = frozenset({Lookup.KEY, Lookup.KEY_STORE})


class Proof(StrEnum):
    """What can prove that a cause is over."""

    # An external key, a denial or a malformed identifier cannot be probed: KMS Developer Guide, key
    # state table ("Enabled" says nothing about an external key).
    ONLY_A_CALL = "a call of the application"
    KEY = "DescribeKey"
    KEY_AND_STORE = "DescribeKey, or of a key store that it is CONNECTED"


@dataclass(frozen=True, slots=True)
class Across:
    """Who must act where the caller and the key are in different accounts: ``acts`` is API, ``says`` is a sentence.

    In the sentence ``{owner}`` and ``{caller}`` stand for the two accounts.
    """

    acts: str
    says: str


OWNER_ACTS = Across(
    "owner", "The owner must act: what to do is done in {owner}, and nothing in {caller} helps."
)
CALLER_ACTS = Across(
    "caller", "The caller must act: what the call names, and where it goes, is set in {caller}."
)
NAME_FIRST = Across(
    "caller",
    "First the caller must look: the name is set in {caller}. If it is right, the owner must make it exist in {owner} again.",
)
# Both policies must allow what crosses accounts: KMS Developer Guide, "Allowing users in other
# accounts to use a KMS key".
BOTH_ALLOW = Across(
    "both",
    "Both must allow it: in {owner} the key policy, or a grant; in {caller} the caller's own policies, for the ARN of the key.",
)
GRANT_ANEW = Across(
    "owner",
    "The owner must act: whoever may create grants on the key makes it again in {owner}, and gives {caller} its token.",
)
NOBODY_ACTS = Across("nobody", "Neither account has anything to do: it is on AWS's side.")


@dataclass(frozen=True, slots=True)
class Remedy:
    """One step that fixes a cause: a sentence, and a command (AWS CLI v2) to paste, where one exists.

    In the catalogue ``command`` is a template with ``{names}`` of case facts; in an alert it is
    filled in and quoted. A command that changes something stands ``only_where`` a look-up agrees:
    the fact of ``SEEN`` and the values with which the command makes sense (none: any). Where no
    look-up was possible it stands on AWS's own word, but never on that of an application's log, nor
    where it ``must_be_seen``. ``otherwise`` is the step where a fact that the command needs is not known.
    """

    text: str
    command: str | None = None
    only_where: tuple[str, tuple[str, ...]] | None = None
    must_be_seen: bool = False
    otherwise: "Remedy | None" = None


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason why a key is missing or unusable.

    ``meaning`` is one or two plain sentences; ``remedies`` are in order of trying; ``doubt`` is what the
    error text by itself cannot tell. The rest says how KeyWatch deals with the cause:

    - ``key_states``: the KeyStates (KMS API Reference, KeyMetadata) that mean it.
    - ``lookups``: which questions to AWS it deserves.
    - ``about_key_store``: every key of the store is broken, so the store is the incident.
    - ``says_absent``: it says that the very thing asked for does not exist where it was asked for.
    - ``proof`` of its end; ``ends_by_silence``: what is missing may simply not be asked for any more.
    - ``transient``: it mostly passes within minutes, so its alert is held for that long.
    - ``worth_telling``: an announced incident that turns into this cause is news.
    - ``proves_unusable``: with it, a key is known to be unusable; otherwise only this call failed.
    - ``has_key_page``: the AWS console has a page of the key.
    - ``mutes_aliases``: no alert of their own for missing aliases of a key that is broken by it.
    - ``is_final``: nothing brings back what is broken by it.
    - ``across``: who must act where the caller is in another account than the key.
    """

    id: str
    title: str
    severity: Severity
    meaning: str
    remedies: tuple[Remedy, ...]
    doc: str
    doubt: str = ""
    key_states: tuple[str, ...] = ()
    lookups: frozenset[Lookup] = frozenset({Lookup.KEY})
    about_key_store: bool = False
    says_absent: bool = False
    proof: Proof = Proof.ONLY_A_CALL
    ends_by_silence: bool = False
    transient: bool = False
    worth_telling: bool = True
    proves_unusable: bool = True
    has_key_page: bool = True
    mutes_aliases: bool = False
    is_final: bool = False
    across: Across = OWNER_ACTS
