"""How many PDUs a second the codec reads and writes on one core."""

from __future__ import annotations

from tests.bench.bench_codec import measure
from tests.bench.figures import Figure


def codec() -> list[Figure]:
    found = measure()
    return [
        Figure("codec: decodes", found["decodes_per_s"], ">=", 20000, "/s"),
        Figure("codec: encodes", found["encodes_per_s"], ">=", 20000, "/s"),
    ]
