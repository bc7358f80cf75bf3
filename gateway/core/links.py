"""Links in texts: what a phone makes one to tap on. PURE.

Rather one too few than a false alarm: a full stop without a blank behind it makes no link of two words, and an e-mail address is
none. Names count by their ending. One that is a word in some language too (`it`, `at`, `es`) needs a further sign: www before the
name, a path behind it, a third label, or a digit or hyphen in it.
"""

from __future__ import annotations

import re

_SURE = frozenset(re.findall(r"\w+", """
    com net org info biz edu gov mil eu app dev xyz click
    ae bg br ch cn cy cz de dk ee fi fr gg gl gr hk hr hu ie io jp kr kz lt lu lv ly mt mx nl nz pk pl pt ro rs ru sg sk th tr tw
    ua uk vn рф
"""))  # fmt: skip
_WORDS = frozenset(re.findall(r"\w+", """
    ai am ar as at au be by ca cc co do es gs id il im in is it la li link live ma me my news no nu one online page pm se shop si
    site so st store tech to top tv us vip ws world za
"""))  # fmt: skip
_WITH_SCHEME = re.compile(r"(?<!\w)[A-Za-z][A-Za-z0-9+-]{1,15}://[^\s]+")
# Neither before nor behind it stands what makes it a piece of a longer word, or of an e-mail address.
_NAME = re.compile(r"(?<![\w@.+-])((?:\w[\w-]*\.)+[^\W\d_]{2,24})(?![\w@-]|\.\w)(?::[0-9]{1,5})?(/[^\s]+)?")
_CLOSING = ".,;:!?)]}>»”’\"'"
_SHORTEST_SIGN = 4  # letters of a name in which a digit or hyphen says something: A4.is no link


def first_link(text: str) -> str:
    """Empty where there is none."""
    if "." not in text and "://" not in text:
        return ""
    whole = _WITH_SCHEME.search(text)
    name = next((found for found in _NAME.finditer(text) if _is_link(found[1].split("."), found[2])), None)
    first = min((found for found in (whole, name) if found is not None), key=re.Match.start, default=None)
    return "" if first is None else first.group().rstrip(_CLOSING)


def _is_link(labels: list[str], path: str | None) -> bool:
    *names, ending = labels
    if names[0].lower() == "www":
        return len(names) > 1
    if ending not in (ending.lower(), ending.upper()):  # the first word of a sentence
        return False
    ending = ending.lower()
    if ending not in _SURE and ending not in _WORDS:
        return False
    return path is not None or _says_enough(names, ending in _SURE)


def _says_enough(names: list[str], sure: bool) -> bool:
    name = names[-1]
    if len(name) < 2 or not any(sign.isalpha() for sign in name):
        return False
    if sure:
        return True
    if len(names) > 1:
        return all(len(one) > 1 for one in names)
    return len(name) >= _SHORTEST_SIGN and any(sign.isdigit() or sign == "-" for sign in name)
