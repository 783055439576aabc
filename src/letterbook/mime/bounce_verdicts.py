"""Hard or soft: whether the address itself is no good, from the words and codes of a mail server.

Hard means that another email to this address would come back too. A full mailbox, a filter, a rule, a size or a
timeout concern this email or this hour, whatever the class of its code says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_CODE = re.compile(r"(?<![\d.])([45]\.\d{1,3}\.\d{1,3})(?![\d.])")
# What an address is called says nothing about it.
_ADDRESS = re.compile(r"[^\s<>@]{1,120}@[^\s<>@]{1,180}")
_REPLY = re.compile(r"(?:^|[\s:(<])([45]\d\d)(?=[\s\-]|$)")
# Where a code says all, these say that the address is no good.
_HARD_CODES = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.0.1", "5.1.0"})
_UNTRUE_OF_THE_ADDRESS = re.compile(
    r"sender(?:'s)? (?:address|domain)|(?:domain|host) of sender|sender (?:verif|denied|"
    r"reject)|mail from|(?:mailbox|account|quota|inbox|disk|"
    r"storage)[^.\n]{0,40}(?:\bfull\b|exceed|over|limit|space)|"
    r"\bfull\b[^.\n]{0,20}mailbox|over ?quota|quota|insufficient[^.\n]{0,20}(?:space|"
    r"storage)|not enough space|out of storage|too (?:large|big|many|long|fast)|"
    r"size limit|exceeds? (?:the )?(?:maximum|size|fixed)|max(?:imum)? (?:message )?size|"
    r"spam|black ?list|block(?:ed|ing)? ?list|blocked|\brbl\b|spamhaus|spamcop|reputation|"
    r"virus|infected|malware|policy|policies|prohibited|not permitted|dmarc|dkim|\bspf\b|"
    r"unauthenticated|authentication|unauthorized|relay(?:ing)?\b|rate[ -]limit|throttl|"
    r"grey ?list|temporar|try again later|deferred|timed? ?out|timeout|(?:reverse|ptr|"
    r"rdns)\b|content (?:reject|filter)|message (?:was )?(?:reject|refused)|filtered|"
    r"malformed|invalid ip|may not exist|not\s+found,?\s+try\s+again|se peut que|可能不存在|"
    r"\bexpired|\bloop|too many hops|\btls\b|line too long|queue too long|retry time|"
    r"not accepted from|connection (?:refused|reset|lost|timed)",
    re.IGNORECASE,
)
# The address was good once and may be again; a server that also says 5.1.1 knows better.
_AT_REST = re.compile(r"suspended|inactive|disabled|deactivated", re.IGNORECASE)
_NO_SUCH_ADDRESS = re.compile(
    r"(?:user|recipient|address|account|mailbox|alias|person|customer|subscriber|"
    r"utilisateur|destinataire)[^.\n]{0,60}?(?:unknown|not? (?:be )?(?:exist|found|known|"
    r"listed|valid|recogni[sz]ed)|(?:does|do|did) ?n[o']t exist|doesn.?t (?:exist|have)|"
    r"does not (?:have|match)|isn.?t (?:found|valid)|is not a|incorrect|invalid|"
    r"no longer)|(?:unknown|no such|invalid|non-?existent|bad|undefined|"
    r"illegal)[ \-\w]{0,24}(?:user|recipient|address|mailbox|account|local|person|alias|"
    r"destination|domain|host)|user[^\n]{0,80}not listed in|"
    r"not (?:listed )?in[^.\n]{0,40}(?:directory|address book)|no mailbox|"
    r"not our customer|mailbox (?:is )?(?:not available|unavailable)|mailbox not|(?:recip|"
    r"recipient)notfound|no (?:account|one) (?:by|with)|(?:recipient|"
    r"address)(?: address)? rejected|(?:host|"
    r"domain)(?: name)?(?: or domain)?(?: name)?[^.\n]{0,60}(?:not found|unknown|"
    r"does ?n[o']t exist|not exist|no (?:mx|mail))|name service error|nxdomain|no (?:mx|"
    r"mail server|mail exchanger|smtp service)|null ?mx|does(?: not|"
    r"n't) accept (?:e?-?mail|smtp)|cannot find (?:your|the) (?:recipient|domain)|"
    r"unrouteable|unroutable|find (?:a|any) (?:host|mail exchanger)|"
    r"domain is not reachable|has (?:moved|left|changed)|no longer (?:available|exists|"
    r"employed|works|valid|at|on|with|in use)|нет такого|не существует|не найден|"
    r"unbekannt|existiert nicht|inexistant|n.existe pas|no existe|non esiste|não existe|"
    r"onbekend|存在しません|ありません|見つかりません|不存在",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an address is no good, the status code that says most about why, and whether words told so."""

    is_hard: bool
    code: str
    is_told: bool = False


def judge(*, code: str, words: str) -> Verdict:
    """Return the verdict on one recipient from the status code reported and the mail server's own words."""
    code = _most_telling(code, words)
    words = _ADDRESS.sub(" ", words)
    if _UNTRUE_OF_THE_ADDRESS.search(words):
        return Verdict(False, code, is_told=True)
    if _AT_REST.search(words) and code not in _HARD_CODES:
        return Verdict(False, code, is_told=True)
    if _NO_SUCH_ADDRESS.search(words):
        return Verdict(True, code, is_told=True)
    return Verdict(code in _HARD_CODES, code)


def _most_telling(code: str, words: str) -> str:
    """A general code (5.0.0) gives way to a telling one that the server on the other side answered."""
    if code and not code.endswith(".0.0"):
        return code
    answered = [one for one in _CODE.findall(words[:4000]) if not one.endswith(".0.0")]
    if answered:
        return str(answered[0])
    reply = _REPLY.search(words[:4000])
    return code or (f"{reply[1][0]}.0.0" if reply else "")
