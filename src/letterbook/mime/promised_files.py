"""Whether a text speaks of a file that comes with it, in the languages that people write to customers in."""

from __future__ import annotations

import re

_WORDS = (
    # English, German, Dutch
    r"attached|attachments?|attaching|(?:find|is|are) enclosed|enclosed (?:is|are|you|please|find)",
    r"im anhang|anhang|anbei|angehängt\w*|beigefügt\w*|beigelegt\w*",
    r"(?:in|als|siehe) (?:der )?anlagen?|anlagen?:",
    r"bijlagen?|bijgevoegd\w*|bijgesloten|ingesloten",
    # French, Spanish, Italian, Portuguese
    r"ci-joint\w*|pièces? jointes?|en p\.?j\.?|je (?:vous |te )?joins|nous (?:vous )?joignons",
    r"adjunt[oa]s?|adjuntamos|adjuntad[oa]s?|archivo anexo",
    r"allegat[oiae]|allego|alleghiamo",
    r"em anexo|anex[oa]s?|anexad[oa]s?",
    # Polish, Czech, Swedish, Danish, Norwegian, Finnish, Turkish, Russian
    r"załącznik\w*|w załączeniu|załączam|v příloze|přílohy?",
    r"bifoga(?:d|t|r|de)?|bilagan?|bilagt|vedhæft\w*|vedlagt|vedlegg(?:et)?",
    r"liitteenä|liite|oheis\w+|ekteki|ektedir",
    r"вложен\w+|во вложении|прикреп\w+|прилага\w+",
)
# Languages without spaces between words.
_ANYWHERE = "添付|附件|附上|첨부"
_PROMISE = re.compile(rf"\b(?:{'|'.join(_WORDS)})(?!\w)|{_ANYWHERE}", re.IGNORECASE)
_NO = re.compile(
    r"(?:\bno|without|not|\bohne|kein\w*|\bsin|\bsans|pas de|\bsenza|\bsem|\bgeen|zonder|\bbez|utan|uden|uten)"
    r"(?: (?:an|any|the|den|die|una?|le|la|een))?\s*\Z",
    re.IGNORECASE,
)
MAX_TEXT = 50_000


def promised_file(text: str) -> str:
    """Return the words by which a text promises a file, or "" where it promises none."""
    text = text[:MAX_TEXT]
    for found in _PROMISE.finditer(text):
        before = text[max(0, found.start() - 30) : found.start()]
        if not _NO.search(before):
            return " ".join(found[0].split())
    return ""
