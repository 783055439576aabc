"""Whose domain an address has: an organisation's own, or that of a provider who gives addresses to anybody."""

from __future__ import annotations

from functools import cache

import idna
from publicsuffixlist import PublicSuffixList

# Providers at whom anybody has an address, by the label before their public suffix: gmx.de, gmx.at and gmx.net are one.
# A short list on purpose: what is missing groups strangers for as long as nobody corrects it, what is listed wrongly
# would keep colleagues apart for good.
_FREE_LABELS = """
    aol freenet gmail gmx googlemail hotmail icloud msn outlook proton protonmail tutanota yahoo yandex ymail zohomail
"""
_FREE_DOMAINS = """
    126.com 139.com 163.com arcor.de att.net bbox.fr bell.net bellsouth.net bigpond.com bluewin.ch bol.com.br
    btinternet.com charter.net comcast.net cox.net daum.net duck.com earthlink.net fastmail.com fastmail.fm free.fr
    hanmail.net hey.com hispeed.ch home.nl hushmail.com inbox.lv inbox.ru interia.pl juno.com kpnmail.nl laposte.net
    libero.it list.ru live.at live.be live.ca live.co.uk live.com live.com.au live.de live.dk live.fr live.ie live.it
    live.nl live.no live.se mac.com mail.com mail.de mail.ru mailbox.org mailfence.com me.com naver.com neuf.fr
    ntlworld.com o2.pl onet.pl optonline.net optusnet.com.au orange.fr pm.me posteo.de posteo.net qq.com rambler.ru
    rediffmail.com riseup.net rocketmail.com rogers.com runbox.com sbcglobal.net seznam.cz sfr.fr shaw.ca sina.com
    sky.com sohu.com sympatico.ca t-online.de talktalk.net telenet.be telus.net terra.com.br tiscali.it tuta.com tuta.io
    ukr.net uol.com.br verizon.net virgilio.it virginmedia.com wanadoo.fr web.de windstream.net wp.pl xs4all.nl
    xtra.co.nz yeah.net ziggo.nl zoho.com
"""
_FREE = frozenset(_FREE_DOMAINS.split())
_FREE_ANYWHERE = frozenset(_FREE_LABELS.split())
_MAX_HOST = 253


def registrable_domain(host: str) -> str:
    """Return what somebody registered of a host name (`mail.lund.co.uk`: `lund.co.uk`), "" where that is nothing."""
    name = _ascii(host.strip().strip(".").casefold())
    if not name or len(name) > _MAX_HOST or "." not in name or ".." in name:
        return ""
    if name.replace(".", "").isdigit() or name.startswith("["):
        return ""  # an address of the network, not a name
    return _suffixes().privatesuffix(name) or ""


def is_free_mail(domain: str) -> bool:
    """Whether anybody can have an address at this registrable domain, so that it tells nothing of an employer."""
    return domain in _FREE or domain.partition(".")[0] in _FREE_ANYWHERE


def organisation_domain(address: str) -> str:
    """Return the registrable domain of an address where it tells of an organisation, "" otherwise."""
    domain = registrable_domain(address.rpartition("@")[2])
    return "" if is_free_mail(domain) else domain


@cache
def _suffixes() -> PublicSuffixList:
    """The list, read once: that takes a tenth of a second."""
    return PublicSuffixList()


def _ascii(host: str) -> str:
    if host.isascii():
        return host
    try:
        return idna.encode(host, uts46=True).decode()
    except idna.IDNAError:
        return ""
