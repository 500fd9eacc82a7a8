"""Twitch: its web API, VODs and chat replays."""
