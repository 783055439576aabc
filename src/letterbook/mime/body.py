"""What a person reads in an email: which parts are its text, which its HTML, which attachments."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape

from letterbook.mime.attachments import claimed_filename, disposition
from letterbook.mime.characters import cut_to_bytes
from letterbook.mime.charsets import decode_html, decode_text
from letterbook.mime.html_text import html_to_text
from letterbook.mime.parts import Part, Structure
from letterbook.mime.transfer import decoded_body

MAX_TEXT = 256 * 1024


@dataclass(slots=True)
class Section:
    """One stretch of readable content, as plain text, as HTML, or as both."""

    plain: str | None = None
    html: str | None = None

    def as_text(self) -> str:
        """Return the plain text, or what the HTML says where there is none."""
        if self.plain is not None and (self.html is None or self.plain.strip()):
            return self.plain
        return html_to_text(self.html or "")

    def as_html(self) -> str:
        """Return the HTML, or the plain text in a form that looks the same."""
        if self.html is not None:
            return self.html
        return f'<pre style="white-space: pre-wrap">{escape(self.plain or "")}</pre>'


@dataclass(slots=True)
class Body:
    """The readable sections in their order, and the leaves that are attachments, by leaf number."""

    sections: list[Section] = field(default_factory=list)
    attachments: list[int] = field(default_factory=list)
    inline: set[int] = field(default_factory=set)

    @property
    def text(self) -> str:
        """The readable text, whole."""
        texts = [section.as_text().strip("\n") for section in self.sections]
        return "\n\n".join(text for text in texts if text.strip())

    @property
    def html(self) -> str | None:
        """The HTML, whole and not yet safe, or None where no part has any."""
        if not _has_html(self.sections):
            return None
        return "\n".join(section.as_html() for section in self.sections)


def read_body(structure: Structure) -> Body:
    """Return what is to be read in a message and which of its leaves are attachments."""
    return _BodyReader(structure).read()


def shortened(text: str) -> str:
    """Return at most as much of a text as is kept for reading and search."""
    return cut_to_bytes(text, MAX_TEXT)


class _BodyReader:
    def __init__(self, structure: Structure) -> None:
        self.structure = structure
        self.numbers = {id(leaf): number for number, leaf in enumerate(structure.leaves)}
        self.body = Body()

    def read(self) -> Body:
        self.body.sections = self.sections(self.structure.root)
        self.body.attachments.sort()
        return self.body

    def sections(self, part: Part) -> list[Section]:
        if not part.children:
            return self.leaf(part)
        if part.content_type == "multipart/alternative":
            return self.alternative(part)
        in_related = part.content_type == "multipart/related"
        found: list[Section] = []
        for child in part.children:
            if in_related and found and not child.children:
                self.attach(child, is_inline=True)
            else:
                found += self.sections(child)
        return found

    def alternative(self, part: Part) -> list[Section]:
        """Of several versions of one thing: the first that is plain text, the last that has HTML."""
        versions = [found for child in part.children if (found := self.sections(child))]
        rich = [found for found in versions if _has_html(found)]
        plain = [found for found in versions if not _has_html(found)]
        if not rich:
            return plain[0] if plain else []
        html = Body(sections=rich[-1]).html
        return [
            Section(plain=Body(sections=plain[0]).text if plain else _plain_of(rich[-1]), html=html)
        ]

    def leaf(self, part: Part) -> list[Section]:
        if not self.is_readable(part):
            self.attach(part, is_inline=self.is_shown_inline(part))
            return []
        content, is_damaged = decoded_body(self.structure.raw, part)
        if is_damaged:
            self.structure.warnings.append("The text was damaged on its way and may lack a piece.")
        charset = part.parameters.get("charset", "")
        if part.content_type == "text/html":
            return [Section(html=_unix_lines(decode_html(content, charset)))]
        text = _unix_lines(decode_text(content, charset))
        if part.parameters.get("format", "").lower() == "flowed":
            text = unflowed(text, delete_space=part.parameters.get("delsp", "").lower() == "yes")
        return [Section(plain=text)]

    def is_readable(self, part: Part) -> bool:
        if part is self.structure.root and part.content_type.startswith(("text/", "multipart/")):
            return disposition(part)[0] != "attachment"
        if part.content_type.startswith("multipart/"):
            return True  # A multipart whose parts were not found: better seen as it came than lost.
        if part.content_type not in {"text/plain", "text/html", "text"}:
            return False
        return disposition(part)[0] != "attachment" and not claimed_filename(part)

    def is_shown_inline(self, part: Part) -> bool:
        return bool(part.first("content-id")) and disposition(part)[0] != "attachment"

    def attach(self, part: Part, *, is_inline: bool) -> None:
        number = self.numbers[id(part)]
        self.body.attachments.append(number)
        if is_inline:
            self.body.inline.add(number)


def unflowed(text: str, *, delete_space: bool) -> str:
    """Join the lines that format=flowed broke (RFC 3676); quoted lines and "-- " stay as they are."""
    lines: list[str] = []
    is_open = False
    for line in text.split("\n"):
        is_fixed = line.startswith(">") or line == "-- "
        if is_open and not is_fixed:
            lines[-1] += line.removeprefix(" ")
        else:
            lines.append(line if is_fixed else line.removeprefix(" "))
        is_open = line.endswith(" ") and not is_fixed
        if is_open and delete_space:
            lines[-1] = lines[-1][:-1]
    return "\n".join(lines)


def _has_html(sections: list[Section]) -> bool:
    return any(section.html is not None for section in sections)


def _plain_of(sections: list[Section]) -> str | None:
    """Return the text of a rich version that brings its own plain text along, or None."""
    if any(section.plain is not None and section.html is not None for section in sections):
        return Body(sections=sections).text
    return None


def _unix_lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
