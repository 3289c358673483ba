"""An MCP server that puts a value wherever a server can say something, and a client that looks at everything it got.

usage: mcp_everywhere.py serve PORT
       mcp_everywhere.py ask URL TICKET CA MODE MARKED   (MARKED: what no answer may show, besides "4111")
"""

import asyncio
import base64
import ssl
import sys

import httpx2
import uvicorn
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client
from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.types import CallToolResult, ElicitResult, TextContent
from pydantic import BaseModel

CARD = "4111 1111 1111 1111"
SAID = '{"pet": "canary-one", "card": "4111111111111111", "city": "Ulm"}'
server = MCPServer("orders", instructions=f"never say {CARD}")


class Answer(BaseModel):
    yes: bool


@server.tool(description=f"like {CARD}")
def shaped() -> CallToolResult:
    said = {"pet": "canary-one", "card": CARD, "number": 4111111111111111, "city": "Ulm", "within": SAID}
    content = [TextContent(type="text", text=SAID, _meta={"note": CARD}), TextContent(type="text", text=f"got {SAID}")]
    return CallToolResult(content=content, structured_content=said, _meta={"trace": CARD, "pet": "canary-one"})


@server.tool()
def fails() -> str:
    raise MCPError(-32000, f"no {CARD}", {"card": CARD, "pet": "canary-one", "said": SAID})


@server.tool()
async def tells(context: Context) -> str:
    await context.info(f"card {CARD}")
    await context.info({"card": CARD, "pet": "canary-one"})
    await context.report_progress(1, 2, f"at {CARD}")
    await context.report_progress(2, 2, SAID)
    return "told"


@server.tool()
async def asks(context: Context) -> str:
    answer = await context.elicit(f"is {CARD} yours? {SAID}", Answer)
    return f"asked {answer.action}"


@server.resource("card://blob", mime_type="application/octet-stream")
def blob() -> bytes:
    return f"card {CARD} end".encode()


@server.resource("card://text", mime_type="application/json", description=f"of {CARD}")
def text() -> str:
    return SAID


@server.prompt(description=f"about {CARD}")
def prompt() -> str:
    return f"{SAID} and {CARD}"


async def serve(port):
    serving = uvicorn.Server(uvicorn.Config(server.streamable_http_app(), "127.0.0.1", port, log_level="error"))
    running = asyncio.create_task(serving.serve())
    while not serving.started:
        await asyncio.sleep(0.02)
    print("READY", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    serving.should_exit = True
    await running


async def ask(url, ticket, ca, mode, marked):
    got = []

    async def heard(*said):
        got.append(said)

    async def elicited(context, asked):
        got.append(asked)
        return ElicitResult(action="accept", content={"yes": True})

    http = httpx2.AsyncClient(
        verify=ssl.create_default_context(cafile=ca), headers={"authorization": f"Bearer {ticket}"}, timeout=20)
    options = {"logging_callback": heard, "message_handler": heard, "elicitation_callback": elicited}
    async with http, Client(streamable_http_client(url, http_client=http), mode=mode, cache=None, **options) as client:
        got += [client.instructions, client.server_info]
        got += [await client.list_tools(), await client.list_resources(), await client.list_prompts()]
        got.append(await client.call_tool("shaped"))
        try:
            got.append(await client.call_tool("fails"))
        except MCPError as error:
            got.append(error.error)
        for name in ("tells", "asks"):
            try:
                got.append(await client.call_tool(name, progress_callback=heard))
            except MCPError as error:
                got.append(error.error)
        got += [await client.read_resource("card://text"), await client.get_prompt("prompt")]
        blob = await client.read_resource("card://blob")
        got += [blob, base64.b64decode(blob.contents[0].blob)]
    seen = repr(got).replace(" ", "")
    for name in ("4111", marked):
        at = seen.find(name)
        assert at < 0, f"{name}: {seen[max(0, at - 300):at + 60]}"
    # Since 2026 a tool that asks out of its own accord is an error.
    asked = ("askedaccept",) if mode == "legacy" else ()
    for part in ("structured_content", "told", "-32000", "progress", "blob", "Ulm", "****", *asked):
        assert part in seen, (part, seen)
    print("fine")


if sys.argv[1] == "serve":
    asyncio.run(serve(int(sys.argv[2])))
else:
    asyncio.run(ask(*sys.argv[2:]))
