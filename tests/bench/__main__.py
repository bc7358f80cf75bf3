"""`make bench`: every figure of the README, measured here and now and printed beside its target.

Names as arguments choose some: `make bench ARGS="accept idle"`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from tests.bench.accept import accept
from tests.bench.codec import codec
from tests.bench.cost import cost
from tests.bench.dispatch import dispatch
from tests.bench.doors import doors
from tests.bench.figures import HEAD, Figure, machine
from tests.bench.idle import idle
from tests.bench.inbound import inbound
from tests.bench.killed import killed
from tests.bench.mixed import mixed, out_mixed_32_200, priority
from tests.bench.out import out_1_200, out_32_0, out_32_200, out_32_200_slow_disk
from tests.bench.recovery import hung_port, replug
from tests.bench.smpp import smpp

BENCHES: dict[str, Callable[[], list[Figure]]] = {
    "out_32_200": out_32_200,
    "out_32_200_slow_disk": out_32_200_slow_disk,
    "out_1_200": out_1_200,
    "out_32_0": out_32_0,
    "out_mixed_32_200": out_mixed_32_200,
    "mixed": mixed,
    "priority": priority,
    "accept": accept,
    "doors": doors,
    "smpp": smpp,
    "cost": cost,
    "dispatch": dispatch,
    "inbound": inbound,
    "hung_port": hung_port,
    "replug": replug,
    "idle": idle,
    "codec": codec,
    "killed": killed,
}


def main(chosen: list[str]) -> int:
    unknown = [name for name in chosen if name not in BENCHES]
    if unknown:
        print(f"no benchmark named {', '.join(unknown)}; there are {', '.join(BENCHES)}", file=sys.stderr)
        return 2
    print(f"{machine()}\n\n{HEAD}", flush=True)
    missed = 0
    for name in chosen or BENCHES:
        for figure in BENCHES[name]():
            print(figure.row(), flush=True)
            missed += figure.reached is False
    print(f"\n{missed} targets missed" if missed else "\nevery target reached")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
