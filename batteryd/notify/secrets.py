"""The secrets of one channel: shown to templates, hidden from everything else."""

from collections.abc import Iterable, Mapping

from pydantic import SecretStr

from batteryd.errors import DeliveryError

_HIDDEN = "•••"


class Secrets:
    """Named secrets. Their repr is dots, as that of a `SecretStr` is."""

    def __init__(self, values: Mapping[str, SecretStr], *, names: Iterable[str]) -> None:
        """Keep those of `values` that a channel needs; `names` must all be there."""
        self._values = {name: values[name] for name in names}

    def revealed(self) -> dict[str, str]:
        """Return the secrets in the clear, for a template and nobody else."""
        return {name: value.get_secret_value() for name, value in self._values.items()}

    def scrubbed(self, error: DeliveryError) -> DeliveryError:
        """Return the error without secrets: servers like to repeat what they were sent."""
        text = str(error)
        for value in self.revealed().values():
            text = text.replace(value, _HIDDEN)
        return DeliveryError(text, permanent=error.permanent, retry_after_s=error.retry_after_s)

    def __repr__(self) -> str:
        return f"Secrets({', '.join(self._values)})"
