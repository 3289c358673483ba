"""A gRPC service whose messages have descriptors, and a caller of it.

usage: grpc_shop.py serve PORT DESCRIPTORS       prints READY, then each message it got as a line of JSON
       grpc_shop.py call PORT DESCRIPTORS HOST_NAME TICKET CA METHOD JSON [gzip]
"""

import sys
from concurrent import futures

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

what, port, descriptors, *rest = sys.argv[1:]
pool = descriptor_pool.DescriptorPool()
with open(descriptors, "rb") as file:
    for one in descriptor_pb2.FileDescriptorSet.FromString(file.read()).file:
        pool.Add(one)
Customer, Find = (message_factory.GetMessageClass(pool.FindMessageTypeByName(f"shop.v1.{name}")) for name in ("Customer", "Find"))
ANN = Customer(name="Ann", card="4111 1111 1111 1111", tax_id="canary-tax", more={"mail": "ann@example.com"}, account=4111111111111111)
BOB = Customer(name="Bob", tax_id="canary-tax", more={"tax_id": "canary-map", "note": "fine"})


def seen(message):
    print(json_format.MessageToJson(message, indent=None), flush=True)


def get(request, context):
    seen(request)
    return ANN


def list_all(request, context):
    seen(request)
    yield ANN
    yield BOB


def add(requests, context):
    for request in requests:
        seen(request)
    return BOB


def serve():
    def method(kind, function):
        return kind(function, request_deserializer=Find.FromString, response_serializer=Customer.SerializeToString)

    service = grpc.method_handlers_generic_handler("shop.v1.Shop", {
        "Get": method(grpc.unary_unary_rpc_method_handler, get),
        "List": method(grpc.unary_stream_rpc_method_handler, list_all),
        "Add": method(grpc.stream_unary_rpc_method_handler, add),
    })
    server = grpc.server(futures.ThreadPoolExecutor(8), compression=grpc.Compression.Gzip)
    server.add_generic_rpc_handlers((service,))
    server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    print("READY", flush=True)
    # Stops when the scenario closes our standard input.
    sys.stdin.read()
    server.stop(0)


def call(name, ticket, ca, method, text, *compression):
    credentials = grpc.ssl_channel_credentials(open(ca, "rb").read())
    options = [("grpc.ssl_target_name_override", name)]
    packed = grpc.Compression.Gzip if compression else grpc.Compression.NoCompression
    with grpc.secure_channel(f"ipv4:127.0.0.1:{port}", credentials, options, compression=packed) as channel:
        question = json_format.Parse(text, Find())
        kinds = {"Get": channel.unary_unary, "List": channel.unary_stream, "Add": channel.stream_unary}
        ask = kinds[method](f"/shop.v1.Shop/{method}", request_serializer=Find.SerializeToString, response_deserializer=Customer.FromString)
        asked = iter([question, question]) if method == "Add" else question
        try:
            answer = ask(asked, metadata=[("authorization", f"Bearer {ticket}")], timeout=20)
            for one in answer if method == "List" else [answer]:
                print(json_format.MessageToJson(one, indent=None, preserving_proto_field_name=True))
        except grpc.RpcError as error:
            print(error.code().name, error.details())


serve() if what == "serve" else call(*rest)
