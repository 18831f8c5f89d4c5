#!/usr/bin/env bash
# Fetch what the messengers' tests talk to: npm packages, and Python ones in a venv of their own.
# Without them those tests are skipped and say so. Usage: tests/peers/install.sh telegram wechat
set -euo pipefail
cd "$(dirname "$0")"
python=$PWD/../../.venv/bin/python
[[ -x $python ]] || python=python3
for messenger in "$@"; do
    (
        cd "$messenger"
        npm ci --silent --no-audit --no-fund --ignore-scripts
        "$python" -m venv .venv
        .venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
    )
done
