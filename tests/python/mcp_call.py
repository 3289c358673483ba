"""Calls one tool and prints what it says, or `refused: ` and why.  usage: mcp_call.py URL TICKET CA TOOL ARGUMENTS"""

import asyncio
import json
import ssl
import sys

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

url, ticket, ca, tool, arguments = sys.argv[1:]


async def main():
    http = httpx2.AsyncClient(
        verify=ssl.create_default_context(cafile=ca), headers={"authorization": f"Bearer {ticket}"}, timeout=20)
    async with http, Client(streamable_http_client(url, http_client=http), mode="auto", cache=None) as client:
        answer = await client.call_tool(tool, json.loads(arguments))
        said = " ".join(part.text for part in answer.content)
        print(f"refused: {said}" if answer.is_error else said)


asyncio.run(main())
