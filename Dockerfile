# rlm-mcp over stdio, with the folder it is asked about mounted read-only:
#   docker build -t rlm-mcp .
#   docker run -i --rm --network none --read-only --tmpfs /tmp --cap-drop ALL \
#     --security-opt no-new-privileges -v "$PWD:/workspace:ro" -v rlm-data:/data rlm-mcp
FROM python:3.13-slim AS build
WORKDIR /source
COPY . .
RUN python -m venv /opt/rlm-mcp \
    && /opt/rlm-mcp/bin/python -m pip install --no-cache-dir --constraint constraints.txt . \
    && /opt/rlm-mcp/bin/python -m pip uninstall --yes pip

FROM python:3.13-slim
# Git tells which files are tracked and what commits said; of a folder that others own it tells
# nothing unless that is allowed. Nothing the repository says makes our git start a program.
# Of git the newest of the base is right, as it has the mended holes:
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git \
    && rm -rf /var/lib/apt/lists/* \
    && git config --system --add safe.directory /workspace \
    && python -m pip uninstall --yes pip \
    && useradd --uid 10001 --home-dir /data --shell /usr/sbin/nologin rlm \
    && install --directory --mode 0700 --owner rlm --group rlm /data
COPY --from=build /opt/rlm-mcp /opt/rlm-mcp
ENV PATH=/opt/rlm-mcp/bin:$PATH \
    RLM_HOME=/data \
    PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
VOLUME ["/data"]
WORKDIR /workspace
ENTRYPOINT ["rlm-mcp"]
CMD ["serve", "--root", "/workspace"]
