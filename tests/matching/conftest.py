"""The small FAQ, trained once."""

from __future__ import annotations

import pytest
from small_faq import small_faq

from bot.faq.value import Faq
from bot.matching.model import Model
from bot.matching.training import trained
from bot.matching.understand import Understanding
from bot.matching.wording import Wording


@pytest.fixture(scope="session")
def faq() -> Faq:
    return small_faq()


@pytest.fixture(scope="session")
def model(faq: Faq) -> Model:
    return trained(faq, None)


@pytest.fixture(scope="session")
def mind(faq: Faq, model: Model) -> Understanding:
    return Understanding.of(faq, model)


@pytest.fixture(scope="session")
def wording(faq: Faq) -> Wording:
    return Wording.of(faq.lexicon)
