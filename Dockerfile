# One replica of Zonewright: `docker build -t zonewright .`, then `docker run -p 8053:8053 -p 1053:1053/udp -p 1053:1053/tcp zonewright`.
# Without BuildKit's extras, so that every engine can build it.

FROM node:26-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund

FROM node:26-bookworm-slim
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY package.json LICENSE* ./
COPY src src
RUN ln -s /app/src/cli/zonewright.js /usr/local/bin/zonewright \
 && install -d -o node -g node /data /var/cache/zonewright

USER node
# Compiled once, here: the health check is a process of its own every few seconds, and takes half the time so.
ENV NODE_COMPILE_CACHE=/var/cache/zonewright
RUN zonewright --version

# Inside a container, loopback is nobody's. 1053 needs no privilege: publish it as 53 where clients can ask no other port.
ENV ZONEWRIGHT_HTTP_LISTEN=0.0.0.0:8053 \
    ZONEWRIGHT_DNS_LISTEN=0.0.0.0:1053 \
    ZONEWRIGHT_DATA_DIR=/data
EXPOSE 8053/tcp 1053/udp 1053/tcp
VOLUME /data
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["zonewright", "probe"]
ENTRYPOINT ["zonewright"]
CMD ["serve"]
