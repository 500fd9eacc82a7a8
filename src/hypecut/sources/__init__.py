"""Where recordings, chats and clips come from: Twitch, a browser, local files, what was fetched before."""
