# One recipe for every program: `docker build --target operator -t sothebais/operator:0.1.0 .`
#
# The same recipe without a Docker engine: images/build, which puts finished programs in the place of the stage `build`.
# A stage per program, all on one base: no shell script starts anything, nobody is root, nothing is written but /tmp.
ARG RUST_IMAGE=docker.io/library/rust:1.95-bookworm
ARG BASE_IMAGE=docker.io/library/debian:12-slim

FROM ${RUST_IMAGE} AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends cmake pkg-config libclang-dev libavcodec-dev libavformat-dev libavutil-dev libswresample-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
# The line tables stay in target/: an image holds what runs.
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/source/target \
    cargo build --release --locked --workspace --bins \
    && mkdir /programs \
    && for program in operator auction-engine social-gateway compositor x-emulator sothebais; do \
         objcopy --strip-debug "target/release/$program" "/programs/$program"; \
       done

FROM ${BASE_IMAGE} AS base
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt /var/log/*
ENV HOME=/tmp LOG_FORMAT=json
WORKDIR /tmp
USER 65532:65532

FROM base AS operator
COPY --from=build /programs/operator /usr/local/bin/operator
ENTRYPOINT ["/usr/local/bin/operator"]

FROM base AS auction-engine
COPY --from=build /programs/auction-engine /usr/local/bin/auction-engine
ENTRYPOINT ["/usr/local/bin/auction-engine"]

FROM base AS social-gateway
COPY --from=build /programs/social-gateway /usr/local/bin/social-gateway
ENTRYPOINT ["/usr/local/bin/social-gateway"]

FROM base AS x-emulator
COPY --from=build /programs/x-emulator /usr/local/bin/x-emulator
ENTRYPOINT ["/usr/local/bin/x-emulator"]

FROM base AS sothebais
COPY --from=build /programs/sothebais /usr/local/bin/sothebais
ENTRYPOINT ["/usr/local/bin/sothebais"]

FROM base AS compositor
USER root
RUN apt-get update \
    && apt-get install -y --no-install-recommends libavcodec59 libavformat59 libavutil57 libswresample4 \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt /var/log/*
USER 65532:65532
COPY --from=build /programs/compositor /usr/local/bin/compositor
ENTRYPOINT ["/usr/local/bin/compositor"]
