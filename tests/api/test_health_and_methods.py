"""Health, methods that a path does not take, and paths that there are not."""

from __future__ import annotations

import httpx
import pytest


def test_health_answers(client: httpx.Client) -> None:
    response = client.get("/health")
    assert (response.status_code, response.json()) == (200, {"ok": True})


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
def test_health_takes_no_other_method(client: httpx.Client, method: str) -> None:
    response = client.request(method, "/health")
    assert response.status_code == 405
    assert response.headers["allow"] == "GET"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/jobs", "GET, POST"),
        ("PATCH", "/jobs/x", "DELETE, GET"),
        ("POST", "/jobs/x/plan", "GET, PUT"),
        ("GET", "/jobs/x/cancel", "POST"),
        ("PUT", "/jobs/x/files/a/b.mp4", "GET, HEAD"),
        ("GET", "/uploads/chat", "POST"),
    ],
)
def test_other_methods_are_told_what_is_allowed(
    client: httpx.Client, method: str, path: str, allowed: str
) -> None:
    response = client.request(method, path)
    assert (response.status_code, response.headers["allow"]) == (405, allowed)
    assert method in response.json()["detail"]


@pytest.mark.parametrize("path", ["/jobs/x/y/z", "/uploads/video", "/jobs/"])
def test_a_path_that_is_not_there_is_told_as_json(client: httpx.Client, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert isinstance(response.json()["detail"], str)


def test_no_answer_may_be_taken_for_another_type_or_framed(client: httpx.Client) -> None:
    headers = client.get("/health").headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "SAMEORIGIN"
    assert headers["cross-origin-resource-policy"] == "same-origin"
