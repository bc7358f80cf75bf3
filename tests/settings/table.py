"""What the tests of the configuration share: a modem, a box, and the refusal of a text."""

from __future__ import annotations

import pytest

from gateway.errors import BadSetting
from gateway.settings import parse

MODEM = '[[modem]]\nname = "p0"\nport = "/dev/simrack/p0"\n'
BOX = '[[dinstar]]\nname = "box1"\nurl = "https://192.0.2.10"\npassword = "geheim"\n'
TARIFF = '[[tariff]]\nname = "flat"\nprices = { "+49" = 0, "+" = 0.19 }\n'


def pool(channels: str, more: str = "", name: str = "m") -> str:
    return f'[[pool]]\nname = "{name}"\nchannels = {channels}\n{more}\n'


def refusal(text: str, base: str = "/etc/simrack") -> BadSetting:
    with pytest.raises(BadSetting) as caught:
        parse(text, base)
    return caught.value


def assert_refused(text: str, key: str, words: list[str]) -> None:
    """The fault names its key, has a remedy, and says all of `words`."""
    fault = refusal(text)
    assert fault.field == key
    assert fault.remedy
    for word in words:
        assert word in str(fault)
