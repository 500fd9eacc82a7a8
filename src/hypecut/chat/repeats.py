"""Messages that come twice: Twitch's pages overlap where they are asked for by the second."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

# Messages come twice within a page or two of each other.
_REMEMBERED = 5000


class RecentIds:
    """The ids of the last messages, to know those that come twice.

    Args:
        ids: of messages that came before.
    """

    def __init__(self, ids: Iterable[str] = ()) -> None:
        self._ids = OrderedDict.fromkeys(ids)

    def __contains__(self, message_id: str) -> bool:
        return message_id in self._ids

    def is_new(self, message_id: str) -> bool:
        """Whether this one was not seen yet, or has no id ('') to know it by; it is seen from now on."""
        if not message_id or message_id in self._ids:
            return not message_id
        self._ids[message_id] = None
        if len(self._ids) > _REMEMBERED:
            self._ids.popitem(last=False)
        return True

    def listed(self) -> list[str]:
        """The ids, the last one at the end."""
        return list(self._ids)
