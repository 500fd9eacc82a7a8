"""Queries that Twitch keeps on its side and clients name by operation and hash, written out here.

Any hash is taken for a known operation until `LocalTwitch.retire_hash` names it.
"""

_CLIP = """id slug url embedURL title createdAt viewCount durationSeconds language thumbnailURL __typename
  videoQualities { frameRate quality sourceURL } game { id name displayName } video { id } videoOffsetSeconds
  broadcaster { id login displayName profileImageURL isPartner followers { totalCount } __typename }
  curator { id login displayName __typename }"""
_PAGE = "pageInfo { hasNextPage hasPreviousPage }"

OPERATIONS = {
    "ClipsCards__User": f"""query($login: ID!, $limit: Int = 20, $cursor: String, $criteria: X) {{
        user(login: $login) {{ id clips(first: $limit, after: $cursor, criteria: $criteria) {{
          {_PAGE} edges {{ cursor __typename node {{ {_CLIP} }} }} }} }} }}""",
    "ShareClipRenderStatus": f"""query($slug: ID!) {{ clip(slug: $slug) {{ {_CLIP}
        playbackAccessToken(params: {{}}) {{ signature value }}
        assets {{ aspectRatio thumbnailURL videoQualities {{ frameRate quality sourceURL }} }} }} }}""",
    "VideoAccessToken_Clip": """query($slug: ID!) { clip(slug: $slug) { id
        playbackAccessToken(params: {}) { signature value }
        videoQualities { frameRate quality sourceURL } } }""",
    "FilterableVideoTower_Videos": f"""query($channelOwnerLogin: ID!, $limit: Int = 30, $cursor: String,
        $broadcastType: X, $videoSort: X) {{ user(login: $channelOwnerLogin) {{ id
        videos(first: $limit, after: $cursor, type: $broadcastType, sort: $videoSort) {{ {_PAGE} totalCount
          edges {{ cursor __typename node {{ id title lengthSeconds viewCount publishedAt previewThumbnailURL
            __typename game {{ id name displayName }} owner {{ id login displayName }} }} }} }} }} }}""",
    "VideoMetadata": """query($videoID: ID!) { video(id: $videoID) { id title description lengthSeconds
        viewCount publishedAt createdAt broadcastType previewThumbnailURL game { id name displayName }
        owner { id login displayName } __typename } }""",
    "VideoPlayer_ChapterSelectButtonVideo": """query($videoID: ID!) { video(id: $videoID) { id
        moments { edges { cursor node { id durationMilliseconds positionMilliseconds type description
          subDescription thumbnailURL details { game { id displayName boxArtURL } }
          moments { edges { cursor } } } } } } }""",
    "VideoPlayer_VODSeekbarPreviewVideo": """query($videoID: ID!) {
        video(id: $videoID) { id seekPreviewsURL } }""",
    "VideoCommentsByOffsetOrCursor": f"""query($videoID: ID!, $cursor: String, $contentOffsetSeconds: Int) {{
        video(id: $videoID) {{ id creator {{ id channel {{ id }} }}
        comments(contentOffsetSeconds: $contentOffsetSeconds, after: $cursor) {{ {_PAGE}
          edges {{ cursor node {{ id createdAt contentOffsetSeconds __typename
            commenter {{ id login displayName }} message {{ userColor fragments {{ text
              emote {{ id emoteID from }} }} userBadges {{ id setID version }} }} }} }} }} }} }}""",
}
