# syntax=docker/dockerfile:1

# The version of Node is that of the devDependency `node`, which the tests ran on; Debian 12 is what
# they ran ffmpeg of.
ARG NODE_IMAGE=node:24.21.0-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/var/cache/npm \
    npm ci --no-audit --no-fund --cache /var/cache/npm \
 && npm run build --silent \
 && npm prune --omit=dev --no-audit --no-fund
# What is left of the packages is what runs.
RUN find packages -mindepth 2 -maxdepth 2 \
      ! -name bin ! -name dist ! -name node_modules ! -name package.json -exec rm -r {} +

FROM ${NODE_IMAGE}
# Debian's ffmpeg without a version of its own: the repository keeps one at a time, with the fixes in it.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends ffmpeg \
 && rm -rf /var/lib/apt/lists/* \
 && ln -s /app/packages/server/bin/partway.js /usr/local/bin/partway \
 && install -d -o node -g node -m 700 /data
WORKDIR /app
# Owned by root: the server cannot change its own program.
COPY --from=build /src/package.json ./
COPY --from=build /src/node_modules ./node_modules
COPY --from=build /src/packages ./packages

ENV NODE_ENV=production \
    PARTWAY_LISTEN=0.0.0.0:4100 \
    PARTWAY_DATA=/data
# The user `node` by number, so that an orchestrator can see that it is not root.
USER 1000:1000
VOLUME /data
EXPOSE 4100
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:4100/health').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["partway"]
CMD ["serve"]
