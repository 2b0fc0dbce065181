# The Node of `npm ci`. deploy/pin-images.sh writes its digest into .env.
ARG NODE_IMAGE=node:24.21.0-bookworm-slim

# The files that decide the dependencies, so that a change of the sources does not install them
# again.
FROM ${NODE_IMAGE} AS manifests
WORKDIR /app
COPY . .
RUN find packages -type f ! -name package.json -delete

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY --from=manifests /app .
# The Node that comes with `npm ci` is for checkouts; this image has one already.
RUN --mount=type=cache,target=/root/.npm \
    npm ci --omit=dev --ignore-scripts && rm -rf node_modules/node-linux-* node_modules/.bin/node

FROM ${NODE_IMAGE}
# Any user must be able to write to a new volume here.
RUN install -d -m 1777 /var/lib/brigade
WORKDIR /app
COPY --from=dependencies /app .
COPY packages packages
ENV NODE_ENV=production NODE_COMPILE_CACHE=/tmp/compile-cache HTTP_HOST=0.0.0.0 HTTP_PORT=9100
USER node
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=4 CMD ["node", "-e", \
  "fetch(`http://127.0.0.1:${process.env.HTTP_PORT}/healthz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "--", "packages/cli/bin/brigade.js"]
