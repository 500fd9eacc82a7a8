"""Twitch's GraphQL API, the one its web pages use; unofficial, so every answer is checked."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import msgspec

from hypecut.errors import HttpStatusError, IntegrityRefusedError, QueryRetiredError, SourceUnavailableError
from hypecut.settings import Settings
from hypecut.sources.http import MAX_ANSWER_BYTES, HttpClient

log = logging.getLogger(__name__)

GQL_URL = "https://gql.twitch.tv/gql"
_RETIRED = "persistedquerynotfound"
_INTEGRITY = "integrity"
_MAX_QUOTED = 200

T = TypeVar("T")


class _Error(msgspec.Struct):
    message: str = ""


class _Answer(msgspec.Struct):
    data: msgspec.Raw = msgspec.Raw(b"null")
    errors: list[_Error] | None = None


class _NoDataError(Exception):
    """An answer held no data, which may pass; `told` is what to raise if it doesn't."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.told = SourceUnavailableError(message)


class GqlClient:
    """Asks Twitch's GraphQL API; safe to share among threads.

    Args:
        http: the way out.
        settings: client ids, hashes of stored queries and the user's token.
    """

    def __init__(self, http: HttpClient, settings: Settings) -> None:
        self._http = http
        self._client_ids = list(settings.twitch_client_ids) or [""]
        self._hashes = [entry.partition(":")[::2] for entry in settings.twitch_query_hashes]
        self._tries = settings.network_tries
        self._oauth = settings.twitch_oauth_token

    def query(self, text: str, variables: Mapping[str, Any], kind: type[T], what: str) -> T:
        """Ask with the query's own text, which outlives Twitch's changes best.

        Args:
            text: the query.
            variables: its variables.
            kind: the type of the answer's `data`.
            what: what is asked for, for messages, e.g. "the VOD 123".

        Raises:
            IntegrityRefusedError: no client id of the settings was let in.
            SourceUnavailableError: Twitch failed, or its answer is not of that type.
        """
        return _decoded(self.raw({"query": text, "variables": dict(variables)}, what), kind, what)

    def stored(
        self, operation: str, variables: Mapping[str, Any], kind: type[T], what: str, text: str = ""
    ) -> T:
        """Ask by the name and hash of a query that Twitch stores; each known hash is tried, then the text.

        Args:
            operation: the query's name, as in the setting `twitch_query_hashes`.
            variables: its variables.
            kind: the type of the answer's `data`.
            what: what is asked for, for messages.
            text: the same query as text, if there is one.

        Raises:
            QueryRetiredError: Twitch knows none of the hashes, and there is no text.
            IntegrityRefusedError, SourceUnavailableError: as `query`.
        """
        return _decoded(self.raw_stored(operation, variables, what, text), kind, what)

    def raw_stored(self, operation: str, variables: Mapping[str, Any], what: str, text: str = "") -> bytes:
        """As `stored`, but the whole answer as received, checked to hold data."""
        for body in self._bodies(operation, variables, text):
            try:
                return self.raw(body, what)
            except QueryRetiredError:
                log.warning("Twitch does not know a hash of %s any more", operation)
        raise QueryRetiredError(
            f"Twitch has retired the query {operation} that asks for {what}; update hypecut, or put its new"
            " hash into the setting twitch_query_hashes."
        )

    def raw(self, body: Mapping[str, Any], what: str) -> bytes:
        """The answer to a body of one operation, as received; it holds data.

        Raises:
            QueryRetiredError, IntegrityRefusedError, SourceUnavailableError: as `stored`.
        """
        refused: IntegrityRefusedError | None = None
        for client_id in tuple(self._client_ids):
            try:
                answer = self._ask(body, client_id, what)
            except IntegrityRefusedError as error:
                refused = error
                continue
            if refused is not None and self._client_ids[0] != client_id:
                # The one that is let in is asked first from now on.
                self._client_ids.sort(key=lambda known: known != client_id)
            return answer
        assert refused is not None
        raise refused

    def _bodies(self, operation: str, variables: Mapping[str, Any], text: str) -> Iterator[dict[str, Any]]:
        for name, sha256 in self._hashes:
            if name == operation:
                stored = {"persistedQuery": {"version": 1, "sha256Hash": sha256}}
                yield {"operationName": operation, "variables": dict(variables), "extensions": stored}
        if text:
            yield {"query": text, "variables": dict(variables)}

    def _ask(self, body: Mapping[str, Any], client_id: str, what: str) -> bytes:
        headers = {"Client-ID": client_id}
        token = self._oauth.get_secret_value()
        if token:
            headers["Authorization"] = f"OAuth {token}"
        for left in reversed(range(self._tries)):
            raw = self._sent(body, headers, bool(token), what)
            try:
                _check(raw, what)
                return raw
            except _NoDataError as error:
                if not left:
                    raise error.told from error
                self._http.wait(self._tries - left)
        raise AssertionError("unreachable")

    def _sent(
        self, body: Mapping[str, Any], headers: Mapping[str, str], with_token: bool, what: str
    ) -> bytes:
        try:
            return self._http.request(
                "POST", GQL_URL, json=body, headers=headers, max_bytes=MAX_ANSWER_BYTES
            ).body
        except HttpStatusError as error:
            raise _refused(error, with_token, what) from error


def _check(raw: bytes, what: str) -> None:
    """Raise what an answer without data means."""
    try:
        answer = msgspec.json.decode(raw, type=_Answer)
    except msgspec.MsgspecError as error:
        raise _NoDataError(
            f"Twitch answered with something else than data when asked for {what} (a web page, maybe of a"
            " proxy); try again later."
        ) from error
    messages = [error.message for error in answer.errors or ()]
    said = "; ".join(messages)[:_MAX_QUOTED]
    if any(_RETIRED in message.lower().replace(" ", "") for message in messages):
        raise QueryRetiredError(f"Twitch does not know the query for {what} any more; update hypecut.")
    if any(_INTEGRITY in message.lower() for message in messages):
        raise IntegrityRefusedError(
            f"Twitch takes hypecut for a robot and refuses {what} ({said}); wait a while, leave any VPN, or"
            " set twitch_client_ids."
        )
    if bytes(answer.data) == b"null":
        raise _NoDataError(f"Twitch gave no data for {what} ({said or 'no reason given'}); try again later.")
    if messages:
        log.info("Twitch complains when asked for %s: %s", what, said)


def _refused(error: HttpStatusError, with_token: bool, what: str) -> SourceUnavailableError:
    if error.status == 401 and with_token:
        return SourceUnavailableError(
            f"Twitch does not take the setting twitch_oauth_token when asked for {what}; renew or unset it."
        )
    if error.status in (400, 401, 403):
        return SourceUnavailableError(
            f"Twitch refused to be asked for {what} (status {error.status}); check the setting"
            " twitch_client_ids."
        )
    return error


def _decoded(raw: bytes, kind: type[T], what: str) -> T:
    try:
        answer = msgspec.json.decode(raw, type=_Answer)
        return msgspec.json.decode(answer.data, type=kind)
    except msgspec.MsgspecError as error:
        raise SourceUnavailableError(
            f"Twitch's answer about {what} is not understood ({error}); update hypecut."
        ) from error
