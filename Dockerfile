# The image of a submission. Build it with `ctc-submit docker build`, or with `docker build .` in the
# folder SW of an unpacked software archive that holds this file.
#
# BASE        default: NVIDIA's CUDA image, for machines with a GPU and the NVIDIA container toolkit.
#             CPU only, and smaller: --build-arg BASE=python:3.12-slim
#             Any image with Python 3.11 or newer will do; packages that it has are not installed
#             again.
# wheels/     where this folder is in the context, packages come from it and from nowhere else.
ARG BASE=nvidia/cuda:12.6.3-base-ubuntu24.04
FROM ${BASE}

RUN python3 -c 'import ensurepip, venv' 2>/dev/null || ( \
      apt-get update \
      && apt-get install --yes --no-install-recommends python3 python3-venv \
      && rm -rf /var/lib/apt/lists/* )

COPY requirements.txt wheels* /opt/packages/
RUN python3 -m venv --system-site-packages /opt/venv \
    && if ls /opt/packages/*.whl >/dev/null 2>&1; \
       then offline="--no-index --find-links /opt/packages"; fi \
    && /opt/venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check \
       ${offline:-} --requirement /opt/packages/requirements.txt \
    && rm -f /opt/packages/*.whl

COPY ctc_submit /opt/ctc-submit/ctc_submit
COPY models /opt/ctc-submit/models

ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/opt/ctc-submit \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HF_HUB_OFFLINE=1 \
    HOME=/tmp \
    MPLCONFIGDIR=/tmp \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility

WORKDIR /opt/ctc-submit
USER 1000:1000
ENTRYPOINT ["python3", "-c", "from ctc_submit.cli.main import main; main(prog_name='ctc-submit')"]
CMD ["--help"]
