"""The formats a webhook may ask for, by name. To add one: write its file, name it here."""

from __future__ import annotations

from gateway.pbx import standard
from gateway.pbx.request import Format

FORMATS: dict[str, Format] = {
    "standard": standard.request,
}
