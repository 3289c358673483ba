"""Talks to a WebSocket echo.  usage: websocket_tour.py URL TICKET CA"""

import asyncio
import ssl
import sys

import websockets

url, ticket, ca = sys.argv[1:]


async def main():
    tls = ssl.create_default_context(cafile=ca)
    headers = {"Authorization": f"Bearer {ticket}"}
    async with websockets.connect(url, ssl=tls, additional_headers=headers, max_size=None) as socket:
        for message in ["hello", b"\x00\x01\xff", "x" * 300_000]:
            await socket.send(message)
            assert await asyncio.wait_for(socket.recv(), 10) == message
        for number in range(100):
            await socket.send(f"n{number}")
        assert [await socket.recv() for _ in range(100)] == [f"n{number}" for number in range(100)]
    print("fine")


asyncio.run(main())
