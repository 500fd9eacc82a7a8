"""A Firefox that reads Twitch's pages: the last resort for clips, an extra (`hypecut[browser]`)."""
