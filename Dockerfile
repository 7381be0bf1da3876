# One image for every service; compose says which command each one runs.
FROM python:3.12-slim

# setpriv is in util-linux, already there; curl serves the health checks.
RUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*
RUN useradd --create-home --uid 10001 apprentice && mkdir /data && chown apprentice /data

WORKDIR /app
COPY requirements.lock pyproject.toml README.md ./
# With PIP_EXTRA_INDEX_URL set to PyTorch's index of CPU builds, pip takes the small build.
ARG PIP_EXTRA_INDEX_URL=""
ARG TORCH=torch==2.13.0
RUN pip install --no-cache-dir --constraint requirements.lock ${TORCH} \
    && pip install --no-cache-dir --no-deps --requirement requirements.lock
COPY chat chat
COPY admin admin
COPY migrations migrations
COPY demo demo
RUN pip install --no-cache-dir --no-deps --no-build-isolation --editable .

USER apprentice
ENV APPRENTICE_HOME=/data HF_HUB_OFFLINE=1 PYTHONUNBUFFERED=1
VOLUME /data
