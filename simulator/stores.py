"""The message storages of one modem: numbered slots of limited size, and names that stand for several of them."""

from collections.abc import Iterator
from dataclasses import dataclass

from simulator.parcels import Raw
from simulator.smspdu import Deliver, Report, Submit

UNREAD, READ, UNSENT, SENT = range(4)


@dataclass(slots=True)
class Stored:
    """One message in a slot; `prefix` is the service-centre address that stands before its TPDU."""

    status: int
    content: Deliver | Report | Submit | Raw
    prefix: bytes

    @property
    def length(self) -> int:
        return len(self.content.octets)

    @property
    def pdu(self) -> str:
        return (self.prefix + self.content.octets).hex().upper()


class Store:
    """Slots `base` .. `base + capacity - 1`, the lowest free one is used next."""

    def __init__(self, name: str, capacity: int, base: int) -> None:
        self.name = name
        self.capacity = capacity
        self.base = base
        self.slots: dict[int, Stored] = {}

    @property
    def full(self) -> bool:
        return len(self.slots) >= self.capacity

    def put(self, message: Stored) -> int:
        """Keeps a message and returns its index; the caller has asked `full` before."""
        index = self.base
        while index in self.slots:
            index += 1
        self.slots[index] = message
        return index


class Stores:
    """All storages of a modem, addressed by the names of +CPMS."""

    def __init__(self, capacities: dict[str, int], base: int) -> None:
        self.base = base
        self._stores = {name: Store(name, capacity, base) for name, capacity in capacities.items()}

    def members(self, name: str) -> list[Store]:
        """The real storages behind a name: MT is everything for texts, SM_P and ME_P mean `this one first`."""
        if name in self._stores:
            return [self._stores[name]]
        first = "SM" if name == "SM_P" else "ME"
        real = [store for store in self._stores.values() if store.name in ("ME", "SM")]
        return sorted(real, key=lambda store: store.name != first)

    def used(self, name: str) -> int:
        return sum(len(store.slots) for store in self.members(name))

    def capacity(self, name: str) -> int:
        return sum(store.capacity for store in self.members(name))

    def room(self, name: str) -> Store | None:
        """The storage that takes the next message for `name`, None when all are full."""
        return next((store for store in self.members(name) if not store.full), None)

    def find(self, name: str, index: int) -> tuple[Store, int] | None:
        """Storage and slot behind an index as +CMGR means it; indexes of a joint name run on."""
        for store in self.members(name):
            if index < store.base + store.capacity:
                return (store, index) if index in store.slots else None
            index -= store.capacity
        return None

    def list(self, name: str) -> Iterator[tuple[int, Stored]]:
        """All messages of a name in order of index."""
        passed = 0
        for store in self.members(name):
            for index in sorted(store.slots):
                yield index + passed, store.slots[index]
            passed += store.capacity
