# The image of temporal-arc (docs/image.md). Where both bases can be pulled, `docker build .` is enough; `make docker-build`
# also works where they cannot.
ARG BUILD_BASE=docker.io/library/node:24-bookworm-slim
ARG RUNTIME_BASE=gcr.io/distroless/cc-debian12:nonroot

# Runs on the platform of the builder, whatever the image is for: nothing in it is compiled for a machine.
FROM --platform=$BUILDPLATFORM ${BUILD_BASE} AS build
WORKDIR /src
COPY package.json package-lock.json ./
COPY dev/node/package.json dev/node/
RUN --mount=type=cache,target=/root/.npm npm ci --no-audit --no-fund --loglevel=error
COPY LICENSE tsconfig.json tsconfig.build.json ./
COPY dev/github dev/github
COPY dev/image dev/image
COPY dev/make dev/make
COPY src src
RUN npm run build
ARG TARGETARCH
RUN --mount=type=cache,target=/root/.npm node dev/make/image-files.ts ${TARGETARCH} /out

# The platform is named because older buildahs go on with that of the first stage.
FROM --platform=$TARGETPLATFORM ${RUNTIME_BASE}
COPY --from=build /out /
ARG VERSION=dev
ARG REVISION=unknown
ARG SOURCE=
LABEL org.opencontainers.image.title="temporal-arc" \
      org.opencontainers.image.description="GitHub Actions runners on Kubernetes, as durable Temporal workflows" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV PATH=/usr/local/bin:/usr/bin:/bin NODE_ENV=production
WORKDIR /tmp
USER 65532:65532
ENTRYPOINT ["/manager"]
