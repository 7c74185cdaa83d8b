# One replica of Zonewright: `docker build -t zonewright .`, then `docker run -p 8053:8053 -p 1053:1053/udp -p 1053:1053/tcp zonewright`.
# Uses no extras of BuildKit, so that every engine can build it.

FROM node:26-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# Prisma brings compilers for databases that we do not use: 65 MB.
RUN npm ci --omit=dev --omit=optional --no-audit --no-fund \
 && cd node_modules/@prisma/client/runtime \
 && find . -type f ! -name 'client.*js' ! -name 'query_compiler_small_bg.sqlite.*mjs' ! -name 'query_compiler_small_bg.postgresql.*mjs' -delete

FROM node:26-bookworm-slim
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY package.json LICENSE* ./
COPY src src
COPY prisma/heads prisma/heads
RUN ln -s /app/src/cli/zonewright.js /usr/local/bin/zonewright \
 && install -d -o node -g node /data /var/cache/zonewright

USER node
# Compiles the code once, here. A replica then starts in half the time and takes 40 MB less. The health check, which starts a process
# every ten seconds, takes half the time, too.
ENV NODE_COMPILE_CACHE=/var/cache/zonewright
RUN zonewright --version

# Nothing outside a container reaches its loopback addresses, so the replica listens on all addresses. Port 1053 needs no privilege:
# publish it as 53 for clients that ask no other port.
ENV ZONEWRIGHT_HTTP_LISTEN=0.0.0.0:8053 \
    ZONEWRIGHT_DNS_LISTEN=0.0.0.0:1053 \
    ZONEWRIGHT_DATA_DIR=/data
EXPOSE 8053/tcp 1053/udp 1053/tcp
VOLUME /data
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["zonewright", "probe"]
ENTRYPOINT ["zonewright"]
CMD ["serve"]
