"""A webhook receiver for benchmarks: takes everything, answers 204, tells when what came. Run as a process of its own."""

from __future__ import annotations

import asyncio
import json
import sys
import time


class Sink(asyncio.Protocol):
    events: list[tuple[float, str, bytes]] = []  # noqa: RUF012  one list for all connections of the process

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._buffer = b""

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while b"\r\n\r\n" in self._buffer:
            head, _, rest = self._buffer.partition(b"\r\n\r\n")
            lines = head.decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
            length = int(headers.get("content-length", "0"))
            if len(rest) < length:
                return
            self._buffer = rest[length:]
            self._answer(lines[0].split()[1], headers, rest[:length])

    def _answer(self, path: str, headers: dict[str, str], body: bytes) -> None:
        if path == "/hook":
            self.events.append((time.time(), headers.get("webhook-id", ""), body))
            self._transport.write(b"HTTP/1.1 204 No Content\r\n\r\n")  # type: ignore[attr-defined]
            return
        if path == "/forget":
            self.events.clear()
        told: dict[str, object] = {"count": len(self.events)}
        if path == "/events":
            told["events"] = [{"at": at, "id": event, "body": json.loads(body)} for at, event, body in self.events]
        content = json.dumps(told).encode()
        self._transport.write(  # type: ignore[attr-defined]
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(content) + content
        )


async def main(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
