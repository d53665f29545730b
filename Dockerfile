# An image of the command `ossup` with the programs that dump databases.
#
#     docker build --tag ossup .
#     docker run --rm --env OSS_REGION --env OSS_ACCESS_KEY_ID --env OSS_ACCESS_KEY_SECRET \
#       ossup put oss://backups/app.sql -- pg_dump --host=db.example.com app
#
# pg_dump must not be older than its server: a newer Debian has newer clients (--build-arg DEBIAN=trixie).
ARG DEBIAN=bookworm

FROM node:24-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
# The build needs no install script, and one of them needs a compiler.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY build.js tsconfig.json ./
COPY src ./src
RUN npm run build:standalone

FROM debian:${DEBIAN}-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        age ca-certificates gnupg mariadb-client postgresql-client sqlite3 zstd \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --create-home ossup
COPY --from=build /build/standalone/ossup /usr/local/bin/ossup
USER 10001
WORKDIR /home/ossup
ENTRYPOINT ["ossup"]
CMD ["--help"]
