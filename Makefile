# make run    start the desk            make check   lint, types, FAQ
# make test   all tests                 make lock    resolve the packages anew
#
# Each makes .venv and installs requirements.lock into it first, when that is not done yet.

SHELL = /bin/sh
PY = .venv/bin/python
# The first of these that is Python 3.11 or newer makes .venv; name another one with PYTHON=…
PYTHONS = $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11 python

.DEFAULT_GOAL := help
.PHONY: help run test check lock venv install

help:
	@sed -n '1,2s/^# //p' Makefile

run: venv
	@$(PY) run_bot.py

# The browser's tests are a command of their own, and run even when others have failed.
test: venv
	@failed=0; \
	echo "pytest"; $(PY) -m pytest || failed=1; \
	echo "pytest tests/browser"; $(PY) -m pytest tests/browser || failed=1; \
	exit $$failed

# All four, so that one run shows all there is to mend.
check: venv
	@failed=0; \
	echo "ruff check"; $(PY) -m ruff check --output-format concise || failed=1; \
	echo "ruff format --check"; $(PY) -m ruff format --check --output-format concise || failed=1; \
	echo "mypy --strict bot handlers run_bot.py"; $(PY) -m mypy || failed=1; \
	echo "run_bot.py check"; $(PY) run_bot.py check || failed=1; \
	exit $$failed

venv:
	@$(PY) -c '' 2>/dev/null && cmp -s requirements.lock .venv/installed.lock \
	|| $(MAKE) --no-print-directory install

install:
	@found=; \
	for python in $(PYTHONS); do \
	  if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    found=$$python; break; \
	  fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo "需要 Python 3.11 或更新的版本，这台机器上没有找到。装好后再来；装在别处的，用 make PYTHON=/路径/python3 指给我。"; \
	  echo "Python 3.11 or newer is needed and was not found. If it is somewhere else: make PYTHON=/path/to/python3 run"; \
	  exit 1; \
	fi; \
	echo "第一次（或清单变了）：正在把 requirements.lock 里的包装进 .venv，大约一两分钟……"; \
	if ! "$$found" -m venv .venv || ! $(PY) -m pip --version >/dev/null 2>&1; then \
	  echo ".venv 没有建成。Debian、Ubuntu 上请先装：apt-get install python3-venv，再删掉 .venv 重来。"; \
	  echo "No working .venv. On Debian and Ubuntu: apt-get install python3-venv, then remove .venv."; \
	  exit 1; \
	fi; \
	$(PY) -m pip install --disable-pip-version-check --require-hashes -r requirements.lock \
	&& cp requirements.lock .venv/installed.lock

# Versions already in the lock stay unless pyproject.toml rules them out: make lock UPGRADE=--upgrade
lock: venv
	@tools=$$(mktemp -d) && trap 'rm -rf "$$tools"' EXIT && \
	$(PY) -m venv "$$tools" && "$$tools/bin/python" -m pip install -q uv && \
	"$$tools/bin/uv" pip compile pyproject.toml --extra test $(UPGRADE) \
	  --universal --python-version 3.11 --only-binary :all: --emit-build-options \
	  --generate-hashes --no-header --quiet --output-file requirements.lock
