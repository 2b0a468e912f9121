"""What a gateway, or the broker in its name, says of it: there or gone.

Wills and states of gateways are written in few words: `online`, `Offline`,
`{"state":"online"}`, `{"status":"offline"}`, `true`, Homie's `ready` and `lost`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from hdmonitor.model import Message, Rejected
from hdmonitor.sensors.strict import strict_json, strict_text

WORDS: Mapping[str, bool] = MappingProxyType(
    {
        **dict.fromkeys(("online", "true", "1", "connected", "ready", "sleeping", "alive"), True),
        **dict.fromkeys(("offline", "false", "0", "disconnected", "lost", "dead"), False),
    }
)
MEMBERS = ("state", "status", "online", "connected")


def is_there(message: Message) -> bool | Rejected:
    """Return whether the gateway is there, or why the message does not say it."""
    text = strict_text(message.payload)
    if isinstance(text, Rejected):
        return text
    said: object = text
    if text.startswith("{"):
        body = strict_json(message.payload)
        if isinstance(body, Rejected):
            return body
        members = body if isinstance(body, dict) else {}
        said = next((members[name] for name in MEMBERS if name in members), None)
    word = str(said).casefold() if isinstance(said, bool | str) else ""
    if word not in WORDS:
        return Rejected(
            f"{text!r:.80} does not say whether a gateway is there; known words are online and offline"
        )
    return WORDS[word]
