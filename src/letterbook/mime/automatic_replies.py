"""Automatic replies: what a person's mailbox answers by itself while they are away (RFC 3834 and before it)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from letterbook.kit.pickling import Compact
from letterbook.mime.back_on import find_back_on
from letterbook.mime.parsing import ParsedMessage
from letterbook.mime.parts import header_lines

_HEADERS_WITHIN = 64 * 1024
# Headers that only an automatic answer has.
_ANSWERED = re.compile(
    rb"^(?:auto-submitted:[ \t]*auto-replied|precedence:[ \t]*auto_reply|x-auto-?generated:[ \t]*reply"
    rb"|x-(?:mail-)?auto-?(?:reply|respond|responder|response)(?:-from|-to)?:|x-ezmlm-autoreply:)",
    re.IGNORECASE,
)
_OF_A_LIST = re.compile(
    rb"^(?:list-(?:id|unsubscribe|post)|x-mailing-list|feedback-id):", re.IGNORECASE
)
_SUBJECT = re.compile(
    r"^\W*(?:(?:re|aw|sv|antw|fwd?|wg)\s*:\s*)*(?:auto(?:mated|matic|"
    r"matische)?[ -]?(?:reply|response|respon[sd]\w*|answer)\b|"
    r"out[ -]of[ -](?:the[ -])?office|(?:i am |i'm )?(?:away|on (?:vacation|holiday|leave|"
    r"maternity|parental))\b|vacation\b|ooo\b|auto:|automatische? (?:antwort|antwoord|"
    r"afwezigheid)|abwesend|abwesenheit|ich bin (?:nicht im büro|abwesend)|außer haus|"
    r"im urlaub|réponse automatique|absence\b|absent\b|message d.absence|respuesta autom|"
    r"fuera de (?:la )?oficina|ausente|risposta automatica|fuori (?:sede|ufficio)|assente|"
    r"resposta autom|ausência|fora do escritório|afwezig|autosvar|automatisk(?:t)? svar|"
    r"frånvaro|fravær|automaattinen|poissa|odpowiedź automatyczna|autoodpowiedź|nieobecno|"
    r"automatická odpov|nepřítom|автоответ|автоматический ответ|отсутств|自动回复|自動回覆|自動返信|"
    r"自動応答|不在|자동\s*회신|부재중)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class AutoReply(Compact):
    """An automatic reply, the Message-IDs it answers (nearest first) and when its writer is back, if it says so."""

    message_ids: tuple[str, ...]
    back_on: date | None


def read_auto_reply(raw: bytes, parsed: ParsedMessage) -> AutoReply | None:
    """Return what an automatic reply says, or None where an email is none."""
    titled = _SUBJECT.match(parsed.subject)
    if parsed.list_id or not (parsed.is_automatic or titled) or not _answers_by_itself(raw, parsed):
        return None
    ids = (parsed.in_reply_to, *parsed.references[::-1])
    said = f"{parsed.subject}\n{parsed.own_text or parsed.text}"
    back_on = find_back_on(said, written_on=parsed.date.date()) if parsed.date else None
    return AutoReply(tuple(dict.fromkeys(one for one in ids if one)), back_on)


def _answers_by_itself(raw: bytes, parsed: ParsedMessage) -> bool:
    lines = [
        found[1] + b":" + found[2][:200]
        for found in header_lines(raw, 0, min(len(raw), _HEADERS_WITHIN))
    ]
    if any(_OF_A_LIST.match(line) for line in lines):
        return False
    if any(_ANSWERED.match(line) for line in lines):
        return True
    # A subject alone anybody can write: a machine must have said that it is one, or it must answer something.
    return bool(_SUBJECT.match(parsed.subject)) and (
        parsed.is_automatic or bool(parsed.in_reply_to)
    )
