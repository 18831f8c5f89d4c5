"""The Telegram door is not finished: its tests are run by naming their folder."""

import sys

collect_ignore = [] if any("telegram" in word for word in sys.argv) else ["telegram"]
