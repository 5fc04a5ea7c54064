# syntax=docker/dockerfile:1
# The product in one image: web server, worker, scheduler and migrations by command, see compose.yaml.

FROM python:3.11-slim-bookworm AS build
WORKDIR /app
# Wheels alone, so no compiler is needed; pip stays behind in this stage.
RUN python -m venv --without-pip .venv
COPY requirements.txt .
RUN pip --python .venv/bin/python install --no-cache-dir --only-binary :all: --no-compile -r requirements.txt

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin crm \
    && install -d -o crm -g crm -m 700 /instance
WORKDIR /app
COPY --from=build /app/.venv .venv
COPY wsgi.py gunicorn.conf.py ./
COPY crm crm
COPY migrations migrations
COPY templates templates
COPY static static
# Bytecode is made once here: at run time nobody may write to /app.
RUN python -m compileall -q .venv/lib crm migrations
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    FLASK_APP=wsgi \
    CRM_ENV=production \
    CRM_INSTANCE=/instance \
    CRM_HOST=0.0.0.0 \
    CRM_PORT=8000
USER 10001
VOLUME /instance
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ['CRM_PORT'] + '/healthz', timeout=4)"]
STOPSIGNAL SIGTERM
CMD ["gunicorn", "--config", "gunicorn.conf.py", "wsgi:app"]
