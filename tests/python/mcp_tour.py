"""Uses an MCP server as an agent's runtime does: lists tools, calls them as a model asked, and goes on after a refusal.

usage: mcp_tour.py URL TICKET CA MODE   (MODE: auto, or legacy for the handshake of 2025)
"""

import asyncio
import json
import ssl
import sys

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

url, ticket, ca, mode = sys.argv[1:]


def text(result):
    return " ".join(part.text for part in result.content)


async def as_asked(client, call):
    """A call as models write it: `{"name": ..., "arguments": "<JSON>"}`."""
    asked = json.loads(call)["function"]
    return await client.call_tool(asked["name"], json.loads(asked["arguments"]))


async def main():
    http = httpx2.AsyncClient(
        verify=ssl.create_default_context(cafile=ca), headers={"authorization": f"Bearer {ticket}"}, timeout=20)
    async with http, Client(streamable_http_client(url, http_client=http), mode=mode, cache=None) as client:
        tools = {tool.name for tool in (await client.list_tools()).tools}
        assert {"find_order", "send_email", "refund"} <= tools, tools

        found = await client.call_tool("find_order", {"number": 7})
        said = text(found)
        assert not found.is_error and "order 7" in said, said
        assert "4111" not in said and "anna@example.org" not in said, said

        refused = await client.call_tool("send_email", {"to": "x@example.org", "text": "hello"})
        said = text(refused)
        assert refused.is_error and "no mail by themselves" in said and "no-mail" in said and "/rules/no-mail" in said, said

        # The session lives on, and nothing was sent.
        assert text(await client.call_tool("count_mails", {})) == "0"

        small = await as_asked(client, '{"type":"function","function":{"name":"refund","arguments":"{\\"order\\":7,\\"amount_cents\\":500}"}}')
        assert not small.is_error and "refunded" in text(small), small
        big = await as_asked(client, '{"type":"function","function":{"name":"refund","arguments":"{\\"order\\":7,\\"amount_cents\\":500000}"}}')
        assert big.is_error and "needs approval" in text(big), big
        assert len((await client.list_tools()).tools) == len(tools)
    print("fine")


asyncio.run(main())
