"""The error tree: what may go wrong, and where it is answered."""


class BotError(Exception):
    """Anything the desk itself reports as wrong."""


class ConfigError(BotError):
    """A setting is unusable; start-up stops and the message names the variable."""


class FaqError(BotError):
    """faq/ cannot be served; the last good FAQ goes on serving.

    `problems` holds every finding, each naming file, place and remedy.
    """

    def __init__(self, problems: "tuple[object, ...]") -> None:
        super().__init__("\n".join(str(p) for p in problems))
        self.problems = problems


class StorageError(BotError):
    """The store cannot be opened, read or written."""


class ChannelError(BotError):
    """A messenger call is wrong or failed."""


class BadSignature(ChannelError):
    """Forged or unsigned; answered with 403, never reaches the engine."""


class BadPayload(ChannelError):
    """Unreadable; answered with 400."""


class DeliveryError(ChannelError):
    """The platform did not take a message; `retryable` says whether to try again.

    `retry_after_s` is what the platform asked for. What is not retryable is kept with its
    `reason`: "blocked" (the parent shut us out; it leads the next reply) or "refused".
    """

    def __init__(
        self,
        message: str,
        *,
        retryable: bool,
        retry_after_s: float | None = None,
        reason: str = "refused",
    ) -> None:
        super().__init__(message)
        self.retryable = retryable
        self.retry_after_s = retry_after_s
        self.reason = reason
