# syntax=docker/dockerfile:1
# An image with the program and nothing else: no shell, no package manager, no root. docs/install.md says how to use it.

# Built by a compiler that runs on this machine, whatever the image is for.
FROM --platform=$BUILDPLATFORM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG TARGETOS
ARG TARGETARCH
# Only needed where the build has no .git directory.
ARG SOURCE_DATE_EPOCH
# The release's own bytes, with the terms of all that is in them.
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/go/build \
    GOCACHE=/go/build go run ./internal/cmd/make-release --targets "$TARGETOS/$TARGETARCH" --out /release && \
    mkdir -p /image/data && \
    tar -xzf /release/*.tar.gz -C /image --strip-components=1

FROM gcr.io/distroless/static-debian13:nonroot
LABEL org.opencontainers.image.title="winnow" \
      org.opencontainers.image.description="retrieve-and-rerank search: a server for search, embeddings and reranking" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /image/LICENSE /image/NOTICE /image/THIRD-PARTY.txt /usr/share/doc/winnow/
COPY --from=build /image/winnow /usr/local/bin/winnow
# A volume takes over the owner of the directory that it is mounted on.
COPY --from=build --chown=65532:65532 /image/data /data
# Other machines reach a container, so there must be keys; the server does not start without. Docker kills what has not ended 10 seconds after
# a stop, and the server may take 2 beyond its timeout.
ENV WINNOW_ADDR=0.0.0.0:8080 \
    WINNOW_DB=/data/index \
    WINNOW_COLLECTIONS=/data/collections \
    WINNOW_KEYS=/data/keys.txt \
    WINNOW_LOG=json \
    WINNOW_SHUTDOWN_TIMEOUT=6s
WORKDIR /data
VOLUME /data
EXPOSE 8080
USER 65532:65532
# WINNOW_TIMEOUT is that of the server's requests.
HEALTHCHECK --interval=30s --timeout=6s --start-period=30s --retries=3 CMD ["/usr/local/bin/winnow", "health", "--timeout", "5s"]
ENTRYPOINT ["/usr/local/bin/winnow"]
CMD ["serve"]
