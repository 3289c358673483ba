# syntax=docker/dockerfile:1
# Two images: `runtime` (a gateway or an agent) and `demo` (every part of docker-compose.yml).

FROM rust:1-bookworm AS build
# PostgreSQL's own parser is bound with libclang.
RUN apt-get update && apt-get install -y --no-install-recommends libclang-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    cargo build --locked --release -p sallyport --bin sallyport && cp target/release/sallyport /sallyport

FROM debian:bookworm-slim AS runtime
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/* \
 && useradd --system --create-home --home-dir /var/lib/sallyport sallyport
COPY --from=build /sallyport /usr/local/bin/sallyport
USER sallyport
ENTRYPOINT ["sallyport"]
CMD ["--help"]

# The demo's parts: the same program, with the real servers and clients it starts.
FROM runtime AS demo
USER root
RUN apt-get update && apt-get install -y --no-install-recommends \
      postgresql openssh-server openssh-client openssh-sftp-server postgresql-client curl \
 && rm -rf /var/lib/apt/lists/* && mkdir -p /run/sshd
