"""An MCP server over streamable HTTP, made with the protocol's own library; says READY when it listens.

usage: mcp_server.py PORT
"""

import asyncio
import sys

import uvicorn
from mcp.server import MCPServer

server = MCPServer("orders")
sent = []


@server.tool()
def find_order(number: int) -> str:
    """Finds an order."""
    return f"order {number} was paid with 4111 1111 1111 1111 by anna@example.org"


@server.tool()
def count_mails() -> int:
    """Says how many mails were sent."""
    return len(sent)


@server.tool()
def send_email(to: str, text: str) -> str:
    """Sends a mail."""
    sent.append(to)
    return "sent"


@server.tool()
def refund(order: int, amount_cents: int) -> str:
    """Gives money back."""
    return f"refunded {amount_cents}"


async def main():
    app = server.streamable_http_app()
    serving = uvicorn.Server(uvicorn.Config(app, "127.0.0.1", int(sys.argv[1]), log_level="error"))
    running = asyncio.create_task(serving.serve())
    while not serving.started:
        await asyncio.sleep(0.02)
    print("READY", flush=True)
    # Stops when the scenario closes our standard input.
    await asyncio.to_thread(sys.stdin.read)
    serving.should_exit = True
    await running


asyncio.run(main())
