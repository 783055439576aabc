"""When somebody who is away says to be back: a date in their own words, in a dozen languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

_LONGEST = 4_000
_FARTHEST = timedelta(days=400)
_MONTH_NAMES = (
    "january jan januar januari janvier janv enero ene gennaio gen janeiro tammikuuta stycznia ledna января янв",
    "february feb februar februari février fevrier févr febrero febbraio fevereiro fev helmikuuta lutego"
    " února февраля фев",
    "march mar märz maerz mrz maart mars marzo março marco maaliskuuta marca března марта мар",
    "april apr avril avr abril abr aprile huhtikuuta kwietnia dubna апреля апр",
    "may mai mei mayo maggio mag maio maj toukokuuta maja května мая",
    "june jun juni juin junio giugno giu junho kesäkuuta czerwca června июня июн",
    "july jul juli juillet juil julio luglio lug julho heinäkuuta lipca července июля июл",
    "august aug augustus août aout agosto ago augusti elokuuta sierpnia srpna августа авг",
    "september sep sept septembre septiembre settembre set setembro syyskuuta września září сентября сен",
    "october oct oktober okt octobre octubre ottobre ott outubro lokakuuta października října октября окт",
    "november nov novembre noviembre novembro marraskuuta listopada listopadu ноября ноя",
    "december dec dezember dez décembre decembre déc diciembre dic dicembre dezembro joulukuuta grudnia"
    " prosince декабря дек",
)
_WEEKDAY_NAMES = (
    "monday montag lundi lunes lunedì lunedi maandag segunda-feira måndag mandag maanantaina poniedziałek понедельник",
    "tuesday dienstag mardi martes martedì martedi dinsdag terça-feira tisdag tirsdag tiistaina wtorek вторник",
    "wednesday mittwoch mercredi miércoles miercoles mercoledì woensdag quarta-feira onsdag keskiviikkona środa среду",
    "thursday donnerstag jeudi jueves giovedì giovedi donderdag quinta-feira torsdag torstaina czwartek четверг",
    "friday freitag vendredi viernes venerdì venerdi vrijdag sexta-feira fredag perjantaina piątek пятницу",
    "saturday samstag sonnabend samedi sábado sabado sabato zaterdag lördag lørdag lauantaina sobota субботу",
    "sunday sonntag dimanche domingo domenica zondag söndag søndag sunnuntaina niedziela воскресенье",
)
_MONTHS = {name: number for number, names in enumerate(_MONTH_NAMES, 1) for name in names.split()}
_WEEKDAYS = {name: number for number, names in enumerate(_WEEKDAY_NAMES) for name in names.split()}
_NAMES = "|".join(sorted(map(re.escape, _MONTHS), key=len, reverse=True))
_DAYS = "|".join(sorted(map(re.escape, _WEEKDAYS), key=len, reverse=True))
_TOMORROW = "tomorrow|morgen(?! früh)|demain|mañana|domani|amanhã|imorgon|i morgen|завтра|明日|明天"
_DATE = re.compile(
    rf"(?P<iso>\b(?P<y1>20\d\d)[-/.](?P<m1>\d\d?)[-/.](?P<d1>\d\d?)\b)|"
    rf"(?P<cjk>(?:(?P<y2>20\d\d)\s*年\s*)?(?P<m2>\d\d?)\s*月\s*(?P<d2>\d\d?)\s*日)|"
    rf"(?P<dm>\b(?P<d3>\d\d?)(?:st|nd|rd|th|er|º|ª|\.)?\s*(?:of\s+|de\s+|"
    rf"den\s+)?(?P<n3>{_NAMES})\b\.?,?(?:\s*(?:de\s+|del\s+)?(?P<y3>20\d\d))?)|"
    rf"(?P<md>\b(?P<n4>{_NAMES})\b\.?\s+(?:the\s+)?(?P<d4>\d\d?)(?:st|nd|rd|"
    rf"th)?\b(?:,?\s*(?P<y4>20\d\d))?)|"
    rf"(?P<dots>(?<![\d.])(?P<d5>\d\d?)\.\s?(?P<m5>\d\d?)\.?(?:\s?(?P<y5>20\d\d|"
    rf"\d\d)(?!\d))?)|"
    rf"(?P<bars>(?<![\d/])(?P<a6>\d\d?)[/-](?P<b6>\d\d?)(?:[/-](?P<y6>20\d\d|"
    rf"\d\d))?(?![\d/]))|(?P<day>\b(?:{_DAYS})\b)|(?P<tomorrow>\b(?:{_TOMORROW}))",
    re.IGNORECASE,
)
_BACK = re.compile(
    r"\b(?:back|return\w*|resum\w+|available again|reach\w* again|in the office)\b|zurück|"
    r"wieder (?:da|erreichbar|im)|ab dem|de retour|retour|reviendrai|serai de|vuelvo|"
    r"vuelta|regres\w+|estaré|rientr\w+|torn\w+|di ritorno|regresso|volt\w+|retorn\w+|"
    r"terug|weer aanwezig|tillbaka|tilbake|tilbage|takaisin|wracam|powrót|zpět|верн\w+|"
    r"выйду|戻り|以降|回来|返回",
    re.IGNORECASE,
)
_UNTIL = re.compile(
    r"\b(?:until|till|til|thru|through|up to|to|bis(?: einschließlich)?(?: zum)?|jusqu.au|"
    r"au|hasta(?: el)?|al|fino a[l]?|até|a|tot(?: en met)?|t/m|t\.o\.m\.|till och med|"
    r"til og med|asti|saakka|do|до|по)\s*(?:and including\s*)?(?:\w{2,12},?\s+)?(?:(?:the|"
    r"den|le|il|el)\s+)?\Z|[-\u2013\u2014~\u301c]\s*\Z",
    re.IGNORECASE,
)
_ENDS = re.compile(r"\A\s*(?:まで|迄|之前|asti|saakka)")
_REACH = 60


def find_back_on(text: str, *, written_on: date) -> date | None:
    """Return the day named for being back, or the last of being away, or None where the text names neither."""
    text = text[:_LONGEST]
    found = list(_dates(text, written_on))
    for is_meant in (_follows_back, _follows_until):
        days = [day for start, end, day in found if is_meant(text, start, end)]
        if days:
            return max(days)
    return None


def _dates(text: str, written_on: date) -> Iterator[tuple[int, int, date]]:
    for match in _DATE.finditer(text):
        day = _day(match, written_on)
        if day and written_on <= day <= written_on + _FARTHEST:
            yield match.start(), match.end(), day


def _follows_back(text: str, start: int, end: int) -> bool:
    before = re.split(r"[.!?\n]\s", text[max(0, start - _REACH) : start])[-1]
    return bool(
        _BACK.search(before) or _BACK.match(text[end : end + 30].lstrip(" (月火水木金土日)に"))
    )


def _follows_until(text: str, start: int, end: int) -> bool:
    return bool(_UNTIL.search(text[max(0, start - _REACH) : start]) or _ENDS.match(text[end:]))


def _day(match: re.Match[str], written_on: date) -> date | None:
    if match["tomorrow"]:
        return written_on + timedelta(days=1)
    if match["day"]:
        wanted = _WEEKDAYS[match["day"].lower()]
        return written_on + timedelta(days=(wanted - written_on.weekday() - 1) % 7 + 1)
    if match["bars"]:
        return _either_way(int(match["a6"]), int(match["b6"]), match["y6"], written_on)
    month, day, year = (
        _first(match, "m1", "m2", "n3", "n4", "m5"),
        _first(match, "d1", "d2", "d3", "d4", "d5"),
        _first(match, "y1", "y2", "y3", "y4", "y5"),
    )
    number = int(month) if month.isdigit() else _MONTHS[month.lower()]
    return _date(year, number, int(day), written_on)


def _first(match: re.Match[str], *names: str) -> str:
    return next((match[name] for name in names if match[name]), "")


def _either_way(one: int, other: int, year: str | None, written_on: date) -> date | None:
    """A day and a month in the order of Europe or of America; nothing where both would do."""
    ways = (_date(year or "", other, one, written_on), _date(year or "", one, other, written_on))
    near = {day for day in ways if day and written_on <= day <= written_on + timedelta(days=120)}
    return near.pop() if len(near) == 1 else None


def _date(year: str, month: int, day: int, written_on: date) -> date | None:
    years = [int(year) % 2000 + 2000] if year else [written_on.year, written_on.year + 1]
    for one in years:
        try:
            found = date(one, month, day)
        except ValueError:
            continue
        if year or found >= written_on:
            return found
    return None
