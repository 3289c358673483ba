"""A cable between two networks that share nothing but a file.

usage: bridge.py inside SOCKET PORT      listens on the port here, and sends what comes through the socket
       bridge.py outside SOCKET PORT     takes from the socket what comes through, and sends it to the port here
"""

import asyncio
import sys

side, socket, port = sys.argv[1], sys.argv[2], int(sys.argv[3])


async def copy(reader, writer):
    try:
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
    except ConnectionError:
        pass
    writer.close()


async def join(reader, writer):
    if side == "inside":
        other = await asyncio.open_unix_connection(socket)
    else:
        other = await asyncio.open_connection("127.0.0.1", port)
    await asyncio.gather(copy(reader, other[1]), copy(other[0], writer))


async def main():
    if side == "inside":
        server = await asyncio.start_server(join, "127.0.0.1", port)
    else:
        server = await asyncio.start_unix_server(join, socket)
    print("READY", flush=True)
    async with server:
        await server.serve_forever()


asyncio.run(main())
