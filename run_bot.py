"""Start the desk, or run one of its commands: `python run_bot.py --help`."""

import sys

from bot.cli import run
from handlers import HANDLERS

if __name__ == "__main__":
    sys.exit(run(HANDLERS))
