"""A target that sends cards in messages of every kind, and its client behind the gateway.

usage: websocket_masks.py PORT URL TICKET CA CARD
"""

import asyncio
import json
import re
import ssl
import sys

import websockets

port, url, ticket, ca, card = sys.argv[1:]
MESSAGES = [
    f"card {card} end",
    [f"card {card[:4]}", card[4:10], f"{card[10:]} end"],
    ["card ", *card, " end"],
    json.dumps({"a": f"card {card} end", "n": 7}),
    f"card {card} end".encode(),
    [f"card {card[:8]}".encode(), f"{card[8:]} end".encode()],
    "card " + " ".join(card) + " end",
    "card " + "".join(f"\\u{ord(digit):04x}" for digit in card) + " end",
    "card none end",
]


async def send_all(socket):
    for message in MESSAGES:
        await socket.send(message)
        await socket.recv()


async def main():
    tls = ssl.create_default_context(cafile=ca)
    headers = {"Authorization": f"Bearer {ticket}"}
    async with websockets.serve(send_all, "127.0.0.1", int(port)):
        async with websockets.connect(url, ssl=tls, additional_headers=headers) as socket:
            for message in MESSAGES:
                whole = message if isinstance(message, (str, bytes)) else type(message[0])().join(message)
                got = await asyncio.wait_for(socket.recv(), 10)
                assert type(got) is type(whole) and len(got) == len(whole), (whole, got)
                text = got if isinstance(got, str) else got.decode()
                plain = re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), text)
                assert card not in re.sub(r"\D", "", plain), got
                assert "card " in text and " end" in text, got
                await socket.send("next")
    print("fine")


asyncio.run(main())
