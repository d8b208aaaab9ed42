# One image for web, worker, beat and relay; docker-compose.yml has the command of each.

FROM python:3.13-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /app
RUN python -m venv /app/.venv
COPY requirements.lock ./
RUN .venv/bin/pip install --no-deps --only-binary :all: --require-hashes -r requirements.lock
COPY . .
RUN .venv/bin/pip install --no-deps --no-build-isolation --editable . \
    && .venv/bin/python -m compileall -q workflows service worker migrations

FROM python:3.13-slim-bookworm
RUN groupadd --gid 10001 songnuan \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin songnuan \
    && install -d -o songnuan -g songnuan -m 0700 /var/lib/songnuan
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONUTF8=1 PYTHONDONTWRITEBYTECODE=1 SONGNUAN_VAR=/var/lib/songnuan \
    PROMETHEUS_MULTIPROC_DIR=/tmp/metrics
USER 10001:10001
VOLUME /var/lib/songnuan
EXPOSE 8000
STOPSIGNAL SIGTERM
CMD ["gunicorn", "-c", "python:service.http.gunicorn_conf", "--bind=0.0.0.0:8000"]
