#!/usr/bin/env bash
# Fetch what the WeChat tests talk to: npm packages, and wechatpy in a venv of its own.
# Without them those tests are skipped and say so.
set -euo pipefail
cd "$(dirname "$0")"
npm ci --silent --no-audit --no-fund --ignore-scripts
python=../../../.venv/bin/python
[[ -x $python ]] || python=python3
"$python" -m venv .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
