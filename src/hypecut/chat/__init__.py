"""Chat replays: importers, one module per family of formats, and the columnar chat log they fill."""

from hypecut.chat.builder import ChatLogBuilder
from hypecut.chat.coverage import check_coverage
from hypecut.chat.importing import ChatImport, read_chat
from hypecut.chat.normalised import write_chat

__all__ = ["ChatImport", "ChatLogBuilder", "check_coverage", "read_chat", "write_chat"]
