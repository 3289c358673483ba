"""Calls every kind of gRPC method.  usage: grpc_tour.py PORT HOST_NAME TICKET CA"""

import sys

import grpc

port, name, ticket, ca = sys.argv[1:]
credentials = grpc.ssl_channel_credentials(open(ca, "rb").read())
options = [("grpc.ssl_target_name_override", name)]
metadata = [("authorization", f"Bearer {ticket}")]
with grpc.secure_channel(f"ipv4:127.0.0.1:{port}", credentials, options) as channel:
    answer, call = channel.unary_unary("/shop.Streams/Unary").with_call(b"a", metadata=metadata, timeout=10)
    assert answer == b"unary:a", answer
    assert ("trailing-note", "kept") in [tuple(pair) for pair in call.trailing_metadata()], call.trailing_metadata()
    stream = channel.unary_stream("/shop.Streams/ServerStream")(b"n", metadata=metadata, timeout=10)
    assert list(stream) == [b"n%d" % number for number in range(20)]
    joined = channel.stream_unary("/shop.Streams/ClientStream")(iter([b"a", b"b", b"c"]), metadata=metadata, timeout=10)
    assert joined == b"a+b+c", joined

    own = metadata + [("own", "yes"), ("own-bin", b"\x01\xfe")]
    answer, call = channel.unary_unary("/shop.Streams/Described").with_call(b"", metadata=own, timeout=5)
    assert answer == b"True yes b'\\x01\\xfe'", answer
    leading = [tuple(pair) for pair in call.initial_metadata()]
    assert ("leading-note", "kept") in leading and ("raw-bin", b"\x00\xff") in leading, leading
    try:
        channel.unary_unary("/shop.Streams/Slow")(b"", metadata=metadata, timeout=0.5)
        raise SystemExit("should have been too late")
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.DEADLINE_EXCEEDED, error
    assert channel.unary_unary("/shop.Streams/WasLeft")(b"", metadata=metadata, timeout=10) == b"True"

    # Each question only after the last answer: nothing may wait for the end of the stream.
    answers = []

    def questions():
        for number in range(10):
            while len(answers) < number:
                pass
            yield b"%d" % number

    for answer in channel.stream_stream("/shop.Streams/Both")(questions(), metadata=metadata, timeout=10):
        answers.append(answer)
    assert answers == [b"echo:%d" % number for number in range(10)], answers
    try:
        channel.unary_unary("/shop.Streams/Fails")(b"", metadata=metadata, timeout=10)
        raise SystemExit("should have failed")
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.FAILED_PRECONDITION and error.details() == "not today", error
print("fine")
