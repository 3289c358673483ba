"""A WebSocket echo and a gRPC service with every kind of method, without TLS; says READY when both listen.

usage: stream_targets.py WEBSOCKET_PORT GRPC_PORT
"""

import asyncio
import sys
import threading
import time
from concurrent import futures

import grpc
import websockets

websocket_port, grpc_port = map(int, sys.argv[1:])


def unary(request, context):
    context.set_trailing_metadata((("trailing-note", "kept"),))
    return b"unary:" + request


def server_stream(request, context):
    for number in range(20):
        yield request + str(number).encode()


def client_stream(requests, context):
    return b"+".join(requests)


def both(requests, context):
    for request in requests:
        yield b"echo:" + request


def described(request, context):
    """What the target knows of the call: its deadline and its metadata."""
    metadata = dict(context.invocation_metadata())
    context.send_initial_metadata((("leading-note", "kept"), ("raw-bin", b"\x00\xff")))
    left = context.time_remaining()
    return f"{left is not None and 0 < left < 6} {metadata.get('own')} {metadata.get('own-bin')}".encode()


gone = threading.Event()


def slow(request, context):
    context.add_callback(gone.set)
    time.sleep(5)
    return b"late"


def was_left(request, context):
    return str(gone.wait(5)).encode()


def fails(request, context):
    context.abort(grpc.StatusCode.FAILED_PRECONDITION, "not today")


service = grpc.method_handlers_generic_handler("shop.Streams", {
    "Unary": grpc.unary_unary_rpc_method_handler(unary),
    "ServerStream": grpc.unary_stream_rpc_method_handler(server_stream),
    "ClientStream": grpc.stream_unary_rpc_method_handler(client_stream),
    "Both": grpc.stream_stream_rpc_method_handler(both),
    "Described": grpc.unary_unary_rpc_method_handler(described),
    "Slow": grpc.unary_unary_rpc_method_handler(slow),
    "WasLeft": grpc.unary_unary_rpc_method_handler(was_left),
    "Fails": grpc.unary_unary_rpc_method_handler(fails),
})
server = grpc.server(futures.ThreadPoolExecutor(8))
server.add_generic_rpc_handlers((service,))
server.add_insecure_port(f"127.0.0.1:{grpc_port}")
server.start()


async def echo(socket):
    async for message in socket:
        await socket.send(message)


async def main():
    async with websockets.serve(echo, "127.0.0.1", websocket_port, max_size=None):
        print("READY", flush=True)
        # Stops when the scenario closes our standard input.
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main())
server.stop(0)
