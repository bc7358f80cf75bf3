"""What there is to say about connecting one phone system: which key, which webhook, what to type where. Records alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

RECEIVED = ("message.received",)
WITH_REPORTS = (*RECEIVED, "message.sent", "message.delivered", "message.undelivered", "message.failed")


@dataclass(frozen=True, slots=True)
class Field:
    """One thing to type: where, and what, with placeholders. `incoming` ones are for incoming texts alone."""

    label: str
    value: str
    incoming: bool = False


@dataclass(frozen=True, slots=True)
class Hook:
    """How incoming texts and reports reach it. `url` is built from the host and, with {id}, from what the PBX shows."""

    format: str
    asks: str  # what --url is, in the words of the PBX
    url: str = ""
    events: tuple[str, ...] = RECEIVED
    options: Mapping[str, object] = field(default_factory=dict)
    path: str = ""  # what the path of the right URL holds, to notice a wrong one


@dataclass(frozen=True, slots=True)
class Recipe:
    """`door` and `path` are where it sends; what speaks SMPP has none."""

    name: str
    title: str
    where: str  # the page or the file in which the fields are
    fields: tuple[Field, ...]
    door: str = ""
    path: str = ""
    hook: Hook | None = None
    scopes: tuple[str, ...] = ("send",)
    per_minute: int = 20
    https: bool = False  # it insists on it
    file: str = ""  # one of `guides.files()`, printed whole with the values filled in
    guide: str = ""  # the page, where it is not called like the recipe
    password: str = ""  # smpp or dinstar: its key needs one for that
    notes: tuple[str, ...] = ()
    incoming_notes: tuple[str, ...] = ()  # for incoming texts alone
    where_sending: str = ""  # as `where`, for what is there before there is a webhook

    @property
    def smpp(self) -> bool:
        return self.password == "smpp"

    @property
    def page(self) -> str:
        return self.guide or self.name
