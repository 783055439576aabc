"""Whether a mail server wrote an email to report on another, and whether it still tries."""

from __future__ import annotations

import re

from letterbook.mime.parsing import ParsedMessage

_SERVERS = re.compile(
    r"(?:mailer-?daemon|post-?master|mail[._-]?delivery|mail-?router|mdaemon|system|"
    r"daemon|bounces?|mmdf|microsoftexchange[0-9a-f]{8,}|no-?reply|noreply|amavis\w*|"
    r"mail(?:er)?|exim|smtp|delivery)\b",
    re.IGNORECASE,
)
_SERVER_NAMES = re.compile(
    r"mail(?:er)?[ .-]?(?:deliver|daemon|system|admin)|delivery[ .-]?(?:sub)?system|"
    r"postmaster|system administrator|mail ?router|microsoft outlook|administrator|daemon|"
    r"mail server|почтов",
    re.IGNORECASE,
)
_SUBJECTS = re.compile(
    r"undeliver|non[- ]?deliver|not (?:be )?deliver|deliver(?:y|ed)?[^\n]{0,30}(?:fail|"
    r"status|delay|problem|report|error)|fail(?:ure|ed)[^\n]{0,30}(?:notice|deliver|mail|"
    r"notification)|returned (?:mail|to sender)|returned:|mail (?:delivery|system|error)|"
    r"could not (?:be )?(?:send|sent|deliver)|cannot send|bounced|message (?:delayed|"
    r"not delivered)|^(?:warning|delayed mail|rejected)\b|^complaint about message|"
    r"feedback report|abuse report|unzustellbar|zustell|nicht zugestellt|non remis|"
    r"non distribu|échec|echec de|no se (?:ha )?(?:pudo|puede) entregar|no entregad|"
    r"error de entrega|mancat[ao] (?:consegna|recapito)|non recapitabile|"
    r"não (?:foi )?entregue|falha na entrega|onbestelbaar|niet bezorgd|niedostarcz|"
    r"nie dostarcz|недоставлен|не доставлен|не может быть доставлен|doručen|"
    r"kan ikke leveres|配信|配達|送信でき|エラーメール|退信|投递失败|无法投递",
    re.IGNORECASE,
)
_FAILED = re.compile(
    r"(?:not|n.t|unable to|failed to|cannot|impossible)[^.\n]{0,60}(?:deliver|reach|sent|"
    r"send|relay|accept)|deliver[^.\n]{0,60}(?:fail|problem|unsuccessful|impossible|"
    r"suspend|error)|undeliver|permanent (?:fatal )?(?:error|failure)|fatal errors|"
    r"user unknown|unknown user|no such user|rejected|returned mail|bounced|"
    r"returned to (?:the )?sender|mailbox (?:is )?full|error that the other server|"
    r"remote (?:host|server) said|while talking to|\b[45]\d\d[ -][45]\.\d\.\d|"
    r"\b5[05]\d[ -]|\bRCPT TO\b|nicht zugestellt|unzustellbar|konnte nicht|"
    r"non (?:a )?(?:pas )?(?:pu |été )?(?:être )?(?:remis|distribu)|no se (?:ha )?(?:pudo|"
    r"puede)|non (?:è|e') stat|não (?:foi|pôde)|niet (?:worden )?(?:bezorgd|afgeleverd)|"
    r"не (?:может|удалось|было)|недостав|配信|配達|送信でき|届け|エラー|失败|无法",
    re.IGNORECASE,
)
_DELAYED_SUBJECT = re.compile(
    r"\bdelay|\bwarning\b|deferred|verzöger|retard|retras|ritard|atras|vertrag|opóźn|"
    r"задерж|zpožd|forsink|försen|遅延|延迟",
    re.IGNORECASE,
)
_STILL_TRYING = re.compile(
    r"(?:will|is|are)[^.\n]{0,40}(?:be )?(?:retr(?:y|ied)|tr(?:y|ying) (?:again )?(?:for|"
    r"to|until)|keep trying|continue)|still trying|do not need to (?:resend|do anything)|"
    r"no action is required|has not yet been delivered|not yet been delivered|"
    r"this is a warning (?:message )?only|delivery attempts will continue|"
    r"delivery to the following recipients? has been delayed|temporarily (?:deferred|"
    r"delayed)|weiter(?:hin)? versuch|nouvelle tentative|seguir(?:á|emos) intent",
    re.IGNORECASE,
)
_RETURNED = re.compile(r"returned mail|undeliver|failure", re.IGNORECASE)
_GIVEN_UP = re.compile(
    r"given up|giving up|will not (?:be )?(?:try|retr)|not going to try again|no longer|"
    r"failed permanently|permanent (?:failure|error)|could not be delivered for|"
    r"has been in the queue too long|retry time(?:out)? exceeded|fatal error",
    re.IGNORECASE,
)


def may_be_a_report(parsed: ParsedMessage) -> bool:
    """Whether it is worth reading an email as a report: a mail server's, and no mailing list's."""
    if parsed.list_id:
        return False
    return parsed.is_automatic or _is_from_server(parsed) or bool(_SUBJECTS.search(parsed.subject))


def is_by_a_mail_server(parsed: ParsedMessage, text: str) -> bool:
    """Whether an email without any machine-readable report is one: by who wrote it and by what it says."""
    named = _is_from_server(parsed)
    titled = bool(_SUBJECTS.search(parsed.subject))
    says = bool(_FAILED.search(text[:8000]))
    return sum((named, titled, says)) >= 2 and (named or parsed.is_automatic)


def is_about_a_delay(subject: str, text: str) -> bool:
    """Whether a report says that the email is late and still on its way."""
    text = text[:8000]
    if _GIVEN_UP.search(text) or _RETURNED.search(subject):
        return False
    return bool(_DELAYED_SUBJECT.search(subject) or _STILL_TRYING.search(text))


def _is_from_server(parsed: ParsedMessage) -> bool:
    local_part = parsed.from_.email.partition("@")[0]
    return bool(_SERVERS.match(local_part) or _SERVER_NAMES.search(parsed.from_.name))
