"""A target that sends a value which only a mark can hide, in whatever a message may carry, and its client behind the gateway.

usage: websocket_marks.py PORT URL TICKET CA
"""

import asyncio
import json
import ssl
import sys

import websockets

port, url, ticket, ca = sys.argv[1:]
DOCUMENT = json.dumps({"id": 7, "customer": {"pet": "canary-one", "city": "Ulm"}})
MESSAGES = [
    DOCUMENT,
    [DOCUMENT[:31], DOCUMENT[31:38], DOCUMENT[38:]],
    list(DOCUMENT),
    DOCUMENT.encode(),
    [DOCUMENT[:30].encode(), DOCUMENT[30:].encode()],
    f'42["told",{DOCUMENT}]',
    f"MESSAGE\ncontent-type:application/json\n\n{DOCUMENT}\0",
    json.dumps({"result": {"content": [{"type": "text", "text": DOCUMENT}]}}),
    json.dumps(json.dumps(DOCUMENT)),
    f"{DOCUMENT}\x1e{DOCUMENT}\x1e",
]


def whole(message):
    return message if isinstance(message, (str, bytes)) else type(message[0])().join(message)


async def send_all(socket):
    for message in MESSAGES + [whole(message).replace(b"pet", b"dog") if isinstance(whole(message), bytes) else whole(message).replace("pet", "dog") for message in MESSAGES]:
        await socket.send(message)
        await socket.recv()
    await socket.send(b"\x81\xa3pet\xaacanary-one\x00\x01\x02\x03")


async def main():
    tls = ssl.create_default_context(cafile=ca)
    headers = {"Authorization": f"Bearer {ticket}"}
    async with websockets.serve(send_all, "127.0.0.1", int(port)):
        async with websockets.connect(url, ssl=tls, additional_headers=headers) as socket:
            for message in MESSAGES:
                sent, got = whole(message), await asyncio.wait_for(socket.recv(), 10)
                text = got if isinstance(got, str) else got.decode()
                assert type(got) is type(sent) and len(got) == len(sent), (sent, got)
                assert "canary-one" not in text and "**********" in text and "Ulm" in text, got
                await socket.send("next")
            for message in MESSAGES:
                sent, got = whole(message), await asyncio.wait_for(socket.recv(), 10)
                text = got if isinstance(got, str) else got.decode()
                assert text.count("canary-one") >= 1 and len(got) == len(sent) and "*" not in text, got
                await socket.send("next")
            try:
                raise AssertionError(await asyncio.wait_for(socket.recv(), 10))
            except websockets.ConnectionClosed:
                pass
    print("fine")


asyncio.run(main())
