# The gallery in a container: docs/hosting.md.
#   docker build --tag gallery .                                on CPUs
#   docker build --tag gallery --build-arg DEVICE=cuda .        on NVIDIA GPUs, which the usual wheels of torch are for
#   docker build --tag gallery-cluster --target cluster .       for Ray Serve: docs/cluster.md
FROM python:3.12-slim-trixie AS base
ARG DEVICE=cpu
ENV PYTHONUNBUFFERED=1 PYTHONPATH=/gallery HF_HOME=/tmp/hub
RUN useradd --create-home --uid 1000 gallery
WORKDIR /gallery
COPY requirements.txt .
RUN if [ "$DEVICE" = cpu ]; then set -- --extra-index-url https://download.pytorch.org/whl/cpu; fi; \
    pip install --no-cache-dir "$@" --requirement requirements.txt
COPY app.py LICENSE ./
COPY dlcv dlcv
COPY demos demos
COPY checkpoints checkpoints
RUN python -m compileall -q .

FROM base AS cluster
# for KubeRay's probes; Debian has one version of it
# hadolint ignore=DL3008
RUN apt-get update && apt-get install --yes --no-install-recommends wget && rm -rf /var/lib/apt/lists/*
COPY requirements-dev.txt .
RUN sed -n '/^ray/p' requirements-dev.txt > /tmp/ray.txt && pip install --no-cache-dir --requirement /tmp/ray.txt
COPY cluster cluster
USER 1000

FROM base AS gallery
ENV HOST=0.0.0.0 PORT=7860
USER 1000
EXPOSE 7860
HEALTHCHECK --start-period=60s --interval=30s --timeout=10s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:7860/health', timeout=8)"]
CMD ["python", "app.py"]
