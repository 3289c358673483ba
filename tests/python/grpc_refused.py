"""Calls a method that policy refuses, then one that it allows.  usage: grpc_refused.py PORT HOST_NAME TICKET CA REASON"""

import sys

import grpc

port, name, ticket, ca, reason = sys.argv[1:]
credentials = grpc.ssl_channel_credentials(open(ca, "rb").read())
options = [("grpc.ssl_target_name_override", name)]
metadata = [("authorization", f"Bearer {ticket}")]
with grpc.secure_channel(f"ipv4:127.0.0.1:{port}", credentials, options) as channel:
    try:
        channel.unary_unary("/shop.Streams/Unary")(b"a", metadata=metadata, timeout=10)
        raise SystemExit("should have been refused")
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.PERMISSION_DENIED and reason in error.details(), error
    stream = channel.unary_stream("/shop.Streams/ServerStream")(b"n", metadata=metadata, timeout=10)
    assert list(stream) == [b"n%d" % number for number in range(20)]
print("fine")
