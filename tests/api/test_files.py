"""What jobs made, over HTTP: any range of it, and nothing else of the disk."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from hypecut.jobs.engine.memory import MemoryEngine
from tests.api.conftest import submit


@pytest.fixture
def folder(client: httpx.Client, engine: MemoryEngine) -> Path:
    submit(client)
    engine.run_next()
    return Path(client.get("/jobs").json()[0]["params"]["out"])


@pytest.fixture
def url(client: httpx.Client, folder: Path) -> str:
    job_id = client.get("/jobs").json()[0]["id"]
    return f"/jobs/{job_id}/files"


def test_a_file_is_given_whole(client: httpx.Client, url: str, folder: Path) -> None:
    response = client.get(f"{url}/montage.mp4")
    assert response.status_code == 200
    assert response.headers["content-type"] == "video/mp4"
    assert response.headers["accept-ranges"] == "bytes"
    assert response.content == (folder / "montage.mp4").read_bytes()
    assert "inline" in response.headers["content-disposition"]
    saved = client.get(f"{url}/montage.mp4", params={"download": "true"})
    assert "attachment" in saved.headers["content-disposition"]
    clip = client.get(f"{url}/clips/001_0h00m00s.mp4")
    assert clip.content == (folder / "clips" / "001_0h00m00s.mp4").read_bytes()


def test_head_tells_the_length(client: httpx.Client, url: str) -> None:
    response = client.head(f"{url}/montage.mp4")
    assert (response.status_code, response.headers["content-length"], response.content) == (200, "1024", b"")


@pytest.mark.parametrize(
    ("wanted", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=10-19", 10, 19),
        ("bytes=1000-", 1000, 1023),
        ("bytes=-24", 1000, 1023),
        ("bytes=1000-9999", 1000, 1023),
        ("bytes=-5000", 0, 1023),
    ],
)
def test_a_range_is_given(
    client: httpx.Client, url: str, folder: Path, wanted: str, first: int, last: int
) -> None:
    response = client.get(f"{url}/montage.mp4", headers={"Range": wanted})
    assert response.status_code == 206
    assert response.headers["content-range"] == f"bytes {first}-{last}/1024"
    assert response.content == (folder / "montage.mp4").read_bytes()[first : last + 1]


@pytest.mark.parametrize("wanted", ["bytes=1024-", "bytes=99999-100000", "bytes=0-1,5000-"])
def test_a_range_beyond_the_file_is_refused(client: httpx.Client, url: str, wanted: str) -> None:
    response = client.get(f"{url}/montage.mp4", headers={"Range": wanted})
    assert response.status_code == 416
    assert response.headers["content-range"] == "bytes */1024"
    assert "1,024 bytes" in response.json()["detail"]


@pytest.mark.parametrize(
    "wanted", ["bytes=5-1", "bytes=a-b", "frames=0-1", "bytes", "bytes=-", "bytes=-0", ""]
)
def test_what_is_no_range_is_passed_over(client: httpx.Client, url: str, wanted: str) -> None:
    response = client.get(f"{url}/montage.mp4", headers={"Range": wanted})
    assert (response.status_code, len(response.content)) == (200, 1024)


def test_a_range_of_another_version_is_the_whole_file(client: httpx.Client, url: str) -> None:
    version = client.get(f"{url}/montage.mp4").headers["etag"]
    same = client.get(f"{url}/montage.mp4", headers={"Range": "bytes=0-9", "If-Range": version})
    assert same.status_code == 206
    other = client.get(f"{url}/montage.mp4", headers={"Range": "bytes=0-9", "If-Range": '"old"'})
    assert (other.status_code, len(other.content)) == (200, 1024)


@pytest.mark.parametrize(
    "name",
    [
        "secret.txt",
        ".hypecut-job.json",
        "clips",
        "",
        "clips/",
        "clips/../secret.txt",
        "..%2fsecret.txt",
        "%2e%2e/%2e%2e/secret.txt",
        "%2e%2e%2f%2e%2e%2fsecret.txt",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "montage.mp4%00.txt",
        "montage.mp4/",
        "clips%5c001_0h00m00s.mp4",
    ],
)
def test_nothing_but_the_jobs_outputs_is_given(
    client: httpx.Client, url: str, folder: Path, name: str
) -> None:
    (folder / "secret.txt").write_text("secret")
    (folder.parent / "secret.txt").write_text("secret")
    response = client.get(f"{url}/{name}")
    assert response.status_code == 404
    assert "secret" not in response.text.replace("secret.txt", "")


def test_an_output_that_was_made_a_link_out_of_the_folder_is_not_followed(
    client: httpx.Client, url: str, folder: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside.mp4"
    outside.write_bytes(b"secret")
    (folder / "montage.mp4").unlink()
    (folder / "montage.mp4").symlink_to(outside)
    assert client.get(f"{url}/montage.mp4").status_code == 404


def test_an_output_that_is_gone_is_a_404(client: httpx.Client, url: str, folder: Path) -> None:
    (folder / "montage.mp4").unlink()
    assert client.get(f"{url}/montage.mp4").status_code == 404
