"""faq/ as one frozen value: the only door to the words that staff own."""

from bot.faq.load import load
from bot.faq.source import Problem
from bot.faq.value import Faq

__all__ = ["Faq", "Problem", "load"]
