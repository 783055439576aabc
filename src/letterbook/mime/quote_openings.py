"""The lines with which mail programs, in many languages, open what they quote."""

from __future__ import annotations

import re

# The verbs of "On … somebody wrote:" and the words it begins with.
_WROTE = re.compile(
    r"\b(?:wrote|writes|schrieb|a écrit|ha scritto|escribió|escreveu|schreef|skrev|napisał\(?a?\)?|napsala?"
    r"|kirjoitti|yazd\u0131|написала?|пише|пишет|írta|a scris|ha escrit|έγραψε)\b|写道|寫道"
    r"|のメール|さんは書きました|작성|כתב|كتب",
    re.IGNORECASE,
)
_SEPARATOR = re.compile(
    r"\s*-{2,}\s*(?:original message|forwarded message|original appointment|ursprüngliche nachricht"
    r"|weitergeleitete nachricht|message d'origine|message original|message transféré|messaggio originale"
    r"|messaggio inoltrato|mensaje original|mensaje reenviado|mensagem original|mensagem encaminhada"
    r"|oorspronkelijk bericht|doorgestuurd bericht|oprindelig meddelelse|ursprungligt meddelande"
    r"|opprinnelig melding|alkuperäinen viesti|wiadomość oryginalna|původní zpráva|eredeti üzenet"
    r"|исходное сообщение|пересылаемое сообщение|orijinal ileti|原始邮件|原始郵件|元のメッセージ|원본 메시지"
    r"|begin forwarded message)\s*-{2,}\s*\Z|\s*begin forwarded message:\s*\Z",
    re.IGNORECASE,
)
_FROM = r"from|von|de|da|van|fra|från|lähettäjä|od|feladó|от|kimden|发件人|寄件者|差出人|보낸 사람"
_OTHERS = (
    r"sent|date|to|subject|cc|gesendet|datum|an|betreff|envoyé|à|objet|inviato|data|a|oggetto|enviado|fecha"
    r"|para|asunto|assunto|verzonden|aan|onderwerp|sendt|til|emne|skickat|till|ämne|wysłano|do|temat|dato"
    r"|lähetetty|vastaanottaja|aihe|отправлено|дата|кому|тема|发送时间|收件人|主题|日期|送信日時|宛先|件名"
)
_FIRST_HEADER = re.compile(rf"\s*\*?(?:{_FROM})\s*:\*?\s*\S", re.IGNORECASE)
_OTHER_HEADER = re.compile(rf"\s*\*?(?:{_OTHERS})\s*:\*?(?:\s|\Z)", re.IGNORECASE)
_RULE = re.compile(r"\s*_{5,}\s*\Z")
_DIGIT = re.compile(r"\d")
_BEGINNINGS = (
    *(
        "On ",
        "Am ",
        "Le ",
        "El ",
        "Il ",
        "Op ",
        "Em ",
        "Den ",
        "W dniu ",
        "Dne ",
        "Pe ",
        "På ",
        "A(z) ",
    ),
    *("Il giorno ", "Quoting ", "In message ", "At "),
)
# What any line begins with that one of these could be, a quotation or a signature: few lines do.
MAY_MATTER = re.compile(
    rf" ?>|_|\s{{0,7}}-|[^:]{{0,19}}:|\s?(?i:begin)|{'|'.join(map(re.escape, _BEGINNINGS))}"
)
_MAY_BE_FROM = re.compile(rf"\*?(?:{_FROM})\s*:", re.IGNORECASE)
MAX_INTRODUCTION = 600
MAX_INTRODUCTION_LINES = 4


def may_open_history(text: str) -> bool:
    """Return whether a paragraph may be where an earlier message begins; what follows must show it."""
    if text.startswith(_BEGINNINGS):
        return len(text) < MAX_INTRODUCTION and _DIGIT.search(text) is not None
    return _MAY_BE_FROM.match(text) is not None or is_separator(text)


def is_separator(line: str) -> bool:
    """Return whether this line says that the original message follows."""
    may_be = "-" in line[:8] or line[:6].lower().strip() == "begin"
    return may_be and _SEPARATOR.match(line[:200]) is not None


def is_header_block(lines: list[str], number: int) -> bool:
    """Return whether the headers of an earlier message begin here, as Outlook writes them."""
    line = lines[number]
    if line.startswith("_") and _RULE.match(line):
        number = _next_written(lines, number + 1)
        line = lines[number] if number < len(lines) else ""
    if ":" not in line[:20] or not _FIRST_HEADER.match(line[:200]):
        return False
    following = [text for text in lines[number + 1 : number + 9] if text.strip()][:5]
    return sum(_OTHER_HEADER.match(text[:60]) is not None for text in following) >= 2


def taken_introduction(lines: list[str]) -> list[str]:
    """Remove "On … somebody wrote:", perhaps over several lines, from the end; return what was removed."""
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    length = _introduction_length(lines[max(0, end - MAX_INTRODUCTION_LINES) : end])
    if not length:
        return []
    taken = lines[end - length :]
    del lines[end - length :]
    return taken


def is_unmarked_introduction(lines: list[str], number: int) -> bool:
    """Return whether "On … somebody wrote:" begins here and what follows bears no quote marks."""
    if not lines[number].startswith(_BEGINNINGS):
        return False
    for end in range(number + 1, min(number + MAX_INTRODUCTION_LINES, len(lines)) + 1):
        if not lines[end - 1].strip():
            return False
        if _introduction_length(lines[number:end]) == end - number:
            following = _next_written(lines, end)
            is_dated = _DIGIT.search("".join(lines[number:end])) is not None
            return (
                is_dated
                and following < len(lines)
                and not lines[following].lstrip().startswith(">")
            )
    return False


def _introduction_length(lines: list[str]) -> int:
    """Return how many of the last of these lines are the introduction, 0 where there is none."""
    if not lines or not lines[-1].rstrip().endswith((":", "\uff1a")):
        return 0
    text = " ".join(lines)
    if len(text) > MAX_INTRODUCTION or not _WROTE.search(text):
        return 0
    for length in range(1, len(lines) + 1):
        if lines[-length].startswith(_BEGINNINGS):
            return length
        if not lines[-length].strip():
            break
    return 1 if _WROTE.search(lines[-1]) else 0


def _next_written(lines: list[str], number: int) -> int:
    while number < len(lines) and not lines[number].strip():
        number += 1
    return number
