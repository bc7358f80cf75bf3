"""What a modem does later, and only in this life of it: a restart or a pulled cable forgets what was under way."""

import asyncio
from collections.abc import Callable

from simulator.network import Network


class Life:
    """`done` is called after everything that was done later, and not after what is done at once."""

    def __init__(self, network: Network, done: Callable[[], None]) -> None:
        self._network = network
        self._done = done
        self.ended = 0  # lives before this one

    def end(self) -> None:
        self.ended += 1

    def later(self, seconds: float, act: Callable[..., None], *arguments: object) -> None:
        """After a time of the network, or at once."""
        self._after(seconds * self._network.pace.speed, act, arguments)

    def wait_for_client(self, seconds: float, act: Callable[..., None], *arguments: object) -> None:
        """The same for a time that a client is given: however fast the network is, it stays long enough to act."""
        self._after(max(seconds * self._network.pace.speed, min(seconds, 1.0)), act, arguments)

    def after_answer(self, act: Callable[..., None]) -> None:
        """Not before the answer to the present command is out."""
        asyncio.get_running_loop().call_soon(self._due, self.ended, act, ())

    def _after(self, seconds: float, act: Callable[..., None], arguments: tuple[object, ...]) -> None:
        if seconds <= 0:
            act(*arguments)
            return
        asyncio.get_running_loop().call_later(seconds, self._due, self.ended, act, arguments)

    def _due(self, life: int, act: Callable[..., None], arguments: tuple[object, ...]) -> None:
        if life != self.ended:
            return
        act(*arguments)
        self._done()
