"""Which clips go into a montage: the whole way from what was found to the running order."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hypecut.models import Clip, Score
from hypecut.rank.clip_groups import grouped, same_moment, votes
from hypecut.rank.clip_options import ClipOptions
from hypecut.rank.clip_order import running_order
from hypecut.rank.clip_words import title_hits
from hypecut.rank.clips import ClipChoice, ClipVerdict, choose_clips
from hypecut.rank.selection import Window

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
OPTIONS = ClipOptions()


def clip(
    name: str, streamer: str = "alpha", duration_s: float = 30.0, hours: float = 5.0, **more: object
) -> Clip:
    fields: dict[str, object] = {
        "id": name,
        "streamer": streamer,
        "duration_s": duration_s,
        "title": f"title {name}",
        "views": 100,
        "created_at": NOW - timedelta(hours=hours),
    }
    return msgspec.convert(fields | more, Clip)


def many(streamer: str, count: int, duration_s: float = 30.0, views: int = 100) -> list[Clip]:
    """Clips of different moments."""
    return [
        clip(f"{streamer}{i:02}", streamer, duration_s, hours=1 + i, views=views - i) for i in range(count)
    ]


def choose(
    clips: Sequence[Clip], low_s: float = 480.0, high_s: float = 600.0, **options: object
) -> ClipChoice:
    return choose_clips(clips, Window(low_s, high_s), msgspec.convert(options, ClipOptions), NOW)


def verdict(choice: ClipChoice, name: str) -> ClipVerdict:
    return next(v for v in choice.verdicts if v.clip.id == name)


# --- the same moment ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"vod_id": "1", "vod_offset_s": 100.0}, {"vod_id": "1", "vod_offset_s": 120.0}, True),
        ({"vod_id": "1", "vod_offset_s": 100.0}, {"vod_id": "1", "vod_offset_s": 144.9}, True),
        ({"vod_id": "1", "vod_offset_s": 100.0}, {"vod_id": "1", "vod_offset_s": 145.1}, False),
        ({"vod_id": "1", "vod_offset_s": 100.0}, {"vod_id": "2", "vod_offset_s": 100.0, "hours": 9}, False),
        ({"title": "Insane 1v5 clutch!!"}, {"title": "insane 1V5 CLUTCH"}, True),
        ({"title": "clutch insane 1v5"}, {"title": "insane 1v5 clutch omg"}, True),
        ({"title": "insane 1v5 clutch"}, {"title": "the cat walks over the keyboard"}, False),
        ({"title": "insane"}, {"title": "insane", "hours": 5.03}, False),
        ({"title": "insane"}, {"title": "insane", "hours": 5.02}, True),
        ({"title": "insane"}, {"title": "insane", "created_at": None}, False),
        ({"title": ""}, {"title": ""}, False),
        ({"title": "insane"}, {"title": "insane", "streamer": "beta"}, False),
        ({"title": "insane", "streamer": "Alpha"}, {"title": "insane", "streamer": "alpha"}, True),
        # The places in the VOD weigh more than a title that all clips of a stream share.
        (
            {"title": "ranked", "vod_id": "1", "vod_offset_s": 0.0},
            {"title": "ranked", "vod_id": "1", "vod_offset_s": 900.0},
            False,
        ),
    ],
)
def test_the_same_moment_is_known_by_place_or_by_time_and_title(
    one: dict[str, object], other: dict[str, object], same: bool
) -> None:
    first, second = clip("a", **one), clip("b", **other)  # type: ignore[arg-type]
    assert bool(same_moment(first, second)) is same
    assert bool(same_moment(second, first)) is same


def test_different_moments_are_not_chained_together() -> None:
    chain = [clip(f"c{i}", vod_id="1", vod_offset_s=40.0 * i) for i in range(4)]
    assert [[c.id for c in group] for group in grouped(chain)] == [["c0", "c1"], ["c2", "c3"]]


def test_a_moments_votes_are_people_not_clips() -> None:
    group = [
        clip("a", creator="kim"),
        clip("b", creator="Kim"),
        clip("c", creator="lee"),
        clip("d"),
        clip("d"),
    ]
    assert votes(group) == 3


def test_the_best_clip_of_a_moment_is_kept_and_the_others_are_listed_with_it() -> None:
    moment = [
        clip("small", vod_id="1", vod_offset_s=50.0, views=10, creator="a"),
        clip("big", vod_id="1", vod_offset_s=60.0, views=900, creator="b"),
        clip("late", vod_id="1", vod_offset_s=70.0, views=90, creator="c"),
    ]
    choice = choose([*moment, clip("else", views=100)], 0.0)
    assert {c.id for c in choice.picks} == {"big", "else"}
    assert verdict(choice, "big").votes == 3
    assert "clipped by 3 people" in verdict(choice, "big").clip.score.reasons
    for name in ("small", "late"):
        assert verdict(choice, name).same_as == "big"
        assert verdict(choice, name).why_not == "shows the same place of the VOD as big, which is kept"


def test_a_clip_listed_twice_is_shown_once() -> None:
    choice = choose([clip("a"), clip("a", views=200), clip("b", title="something else")], 0.0)
    assert sorted(c.id for c in choice.picks) == ["a", "b"]
    assert [v.clip.views for v in choice.verdicts if v.clip.id == "a"] == [200]


# --- scores ------------------------------------------------------------------------------------------------


def component(choice: ClipChoice, name: str, part: str) -> float:
    return verdict(choice, name).clip.score.components[part]


def test_views_count_relative_to_the_streamers_own_median() -> None:
    big = [clip(f"b{i}", "big", views=v) for i, v in enumerate((90_000, 100_000, 110_000))]
    little = [clip(f"s{i}", "small", views=v) for i, v in enumerate((40, 50, 400))]
    choice = choose([*big, *little], 0.0)
    assert component(choice, "b1", "views") == component(choice, "s1", "views") == 0.5
    assert component(choice, "s2", "views") > component(choice, "b2", "views")
    assert "400 views, 7.9x the median of small" in verdict(choice, "s2").clip.score.reasons


def test_botted_views_count_no_more_than_sixteen_medians() -> None:
    choice = choose([*many("alpha", 5), clip("bot", views=2_000_000), clip("good", views=1600)], 0.0)
    assert component(choice, "bot", "views") == component(choice, "good", "views") == 1.0
    assert any("counted as 16x" in reason for reason in verdict(choice, "bot").clip.score.reasons)


def test_recency_halves_with_each_half_life() -> None:
    days = {"new": 0, "half": 3, "quarter": 6}
    choice = choose([clip(name, hours=24 * d) for name, d in days.items()], 0.0)
    assert [component(choice, name, "recency") for name in days] == pytest.approx([1.0, 0.5, 0.25])
    assert "3 days old" in verdict(choice, "half").clip.score.reasons


@pytest.mark.parametrize(
    ("duration_s", "value"), [(2.0, 0.0), (7.0, 0.5), (12.0, 1.0), (45.0, 1.0), (82.5, 0.5), (0.0, 0.5)]
)
def test_length_is_a_trapezoid_and_an_unknown_one_is_neither_good_nor_bad(
    duration_s: float, value: float
) -> None:
    choice = choose([clip("a", duration_s=duration_s)], 0.0, min_clip_s=0.0)
    assert component(choice, "a", "length") == pytest.approx(value)


def test_titles_are_searched_for_whole_words_of_ours_and_the_users() -> None:
    assert title_hits("INSANE 1v5 clutch!") == ("insane", "1v5", "clutch")
    assert title_hits("a lucky-punch, no   way") == ("lucky", "no way")
    assert title_hits("cluttered insanely") == ()
    assert title_hits("the Big Cheese wins", ["big cheese"]) == ("big cheese", "wins")
    choice = choose(
        [clip("a", title="no clue"), clip("b", title="Clutch"), clip("c", title="insane clutch")], 0.0
    )
    assert [component(choice, n, "keywords") for n in "abc"] == pytest.approx([0.0, 2 / 3, 1.0])


def test_featured_clips_and_those_without_any_facts_are_scored_too() -> None:
    bare = Clip(id="bare", streamer="alpha", duration_s=0.0)
    choice = choose([bare, clip("f", featured=True)], 0.0)
    assert component(choice, "f", "featured") == 1.0
    assert verdict(choice, "bare").clip.score.components["recency"] == 0.5
    assert {c.id for c in choice.picks} == {"bare", "f"}


# --- who is chosen -----------------------------------------------------------------------------------------


def test_clips_too_short_or_too_long_are_left_out_with_the_reason() -> None:
    choice = choose([clip("short", duration_s=4.0), clip("long", duration_s=95.0), clip("fine")], 0.0)
    assert [c.id for c in choice.picks] == ["fine"]
    assert verdict(choice, "short").why_not == "is 4.0 s long, clips of 5 s or more are wanted"
    assert verdict(choice, "long").why_not == "is 95.0 s long, clips of 90 s or less are wanted"


def test_the_best_k_of_each_streamer_are_ranked_together() -> None:
    choice = choose([*many("alpha", 12), *many("beta", 12)], 0.0, 600.0, per_streamer_k=3)
    assert Counter(c.streamer for c in choice.picks) == {"alpha": 3, "beta": 3}
    assert verdict(choice, "alpha03").why_not == "is not among the best 3 of alpha (per_streamer_k)"


def test_k_grows_by_itself_until_the_montage_is_long_enough() -> None:
    choice = choose([*many("alpha", 30), *many("beta", 30)])
    assert 480.0 <= choice.total_s <= 600.0
    assert choice.share.per_streamer_k == 10
    assert not choice.note


def test_a_given_k_stays_and_the_shortage_is_told_with_the_cure() -> None:
    choice = choose([*many("alpha", 30), *many("beta", 30)], per_streamer_k=2)
    assert len(choice.picks) == 4
    assert choice.note.startswith("only 2:00 of clips were found that fit together")
    assert "name more streamers, or take a longer --period" in choice.note
    mine = clip("mine", duration_s=20.0)
    alone = choose_clips([mine], Window(480.0, 600.0), ClipOptions(), NOW, wanted=["mine"])
    assert alone.note.startswith("only 0:20 of clips were found that fit together")
    assert alone.note.endswith("name streamers, give more clips or files, or a shorter --min-duration")


def test_no_streamer_takes_more_than_his_share_while_others_have_enough() -> None:
    stars = many("alpha", 40, views=10**6)
    choice = choose([*stars, *many("beta", 40, 40.0), *many("gamma", 40, 50.0)])
    seconds = Counter[str]()
    for c in choice.picks:
        seconds[c.streamer] += round(c.duration_s)
    assert choice.share.cap_s == 300.0
    assert max(seconds.values()) <= 300
    assert 480 <= sum(seconds.values()) <= 600


def test_shares_give_way_where_the_montage_would_be_too_short() -> None:
    choice = choose([*many("alpha", 40), *many("beta", 1), *many("gamma", 1)])
    assert choice.total_s >= 480.0
    assert choice.share.cap_s is None


def test_there_are_no_more_clips_than_asked_for() -> None:
    choice = choose(many("alpha", 40), max_clips=7)
    assert len(choice.picks) == 7
    assert {c.id for c in choice.picks} == {f"alpha{i:02}" for i in range(7)}


def test_transitions_count() -> None:
    clips = many("alpha", 40, 25.0)
    choice = choose_clips(clips, Window(480.0, 600.0), OPTIONS, NOW, overlap_s=0.5)
    assert choice.total_s == pytest.approx(sum(c.duration_s - 0.5 for c in choice.picks) + 0.5)
    assert 480.0 <= choice.total_s <= 600.0


def test_moments_of_earlier_montages_are_left_out_whoever_clipped_them() -> None:
    clips = [
        clip("used", vod_id="1", vod_offset_s=50.0, views=10),
        clip("again", vod_id="1", vod_offset_s=60.0, views=900),
        clip("fresh"),
    ]
    choice = choose_clips(clips, Window(0.0, 600.0), OPTIONS, NOW, used={"used"})
    assert [c.id for c in choice.picks] == ["fresh"]
    assert verdict(choice, "again").why_not == "its moment was in an earlier montage, as used"


def test_a_clip_that_cant_be_had_is_replaced_by_the_next_best_of_its_moment() -> None:
    moment = [
        clip("best", vod_id="1", vod_offset_s=5.0, views=900),
        clip("next", vod_id="1", vod_offset_s=9.0),
    ]
    choice = choose_clips(moment, Window(0.0, 600.0), OPTIONS, NOW, refused={"best": "was deleted"})
    assert [c.id for c in choice.picks] == ["next"]
    assert verdict(choice, "best").why_not == "was deleted"


def test_what_was_asked_for_by_itself_comes_first_and_is_never_too_long() -> None:
    own = [clip("mine", "", 200.0, views=0, title=""), clip("other", "", 3.0, views=0, title="")]
    choice = choose_clips(
        [*own, *many("alpha", 40)], Window(480.0, 600.0), OPTIONS, NOW, wanted={"mine", "other"}
    )
    assert {"mine", "other"} <= {c.id for c in choice.picks}
    assert 480.0 <= choice.total_s <= 600.0


def test_clips_asked_for_can_fill_the_montage_alone() -> None:
    own = many("own", 20, 40.0)
    choice = choose_clips([*own, clip("x")], Window(480.0, 600.0), OPTIONS, NOW, wanted={c.id for c in own})
    assert all(c.streamer == "own" for c in choice.picks)
    assert choice.total_s == 600.0
    assert verdict(choice, "x").why_not == "the clips asked for by themselves fill the montage"


def test_nothing_gives_nothing() -> None:
    choice = choose([])
    assert choice.picks == ()
    assert choice.total_s == 0.0
    assert choice.note


@pytest.mark.parametrize(
    "wrong",
    [{"min_clip_s": 9.0, "max_clip_s": 5.0}, {"half_life_s": 0.0}, {"max_clips": 0}, {"per_streamer_k": 0}],
)
def test_options_out_of_range_are_errors(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"must be|need"):
        ClipOptions(**wrong)  # type: ignore[arg-type]


clips_strategy = st.lists(
    st.builds(
        lambda i, s, d, h, v, o: clip(f"c{i}", s, d / 4, h, views=v, vod_id="1" if o else "", vod_offset_s=o),
        st.integers(0, 40),
        st.sampled_from(["alpha", "beta", "gamma"]),
        st.integers(8, 300),
        st.floats(0, 200),
        st.integers(0, 5000),
        st.none() | st.integers(1, 500).map(float),
    ),
    max_size=25,
    unique_by=lambda c: c.id,
)


@settings(derandomize=True, deadline=None, max_examples=30)
@given(clips_strategy, st.randoms(use_true_random=False), st.sampled_from([0.0, 0.5]), st.integers(1, 12))
def test_every_choice_keeps_the_rules(clips: list[Clip], random: object, overlap_s: float, most: int) -> None:
    options = ClipOptions(max_clips=most)
    window = Window(60.0, 120.0)
    choice = choose_clips(clips, window, options, NOW, overlap_s=overlap_s)

    assert choice.total_s <= 120.0 + 1e-6
    assert len(choice.picks) <= most
    for one, other in itertools.combinations(choice.picks, 2):
        assert not same_moment(one, other)
    assert sorted(v.clip.id for v in choice.verdicts) == sorted(c.id for c in clips)
    picked = {c.id for c in choice.picks}
    for v in choice.verdicts:
        assert bool(v.why_not) is (v.clip.id not in picked)
        assert 0.0 <= v.clip.score.total <= 1.0
        if v.same_as:
            leader = verdict(choice, v.same_as)
            assert not leader.same_as
            assert same_moment(leader.clip, v.clip)
    assert bool(choice.note) is (choice.total_s < 60.0)
    if choice.share.cap_s is not None:
        for name in {c.streamer for c in choice.picks}:
            mine = [c.duration_s - overlap_s for c in choice.picks if c.streamer == name]
            assert sum(mine) <= choice.share.cap_s + 1e-6

    shuffled = list(clips)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert choose_clips(shuffled, window, options, NOW, overlap_s=overlap_s) == choice


# --- the running order -------------------------------------------------------------------------------------


def scored(rows: Sequence[tuple[str, int]]) -> list[Clip]:
    return [
        clip(f"{i}", streamer, score=msgspec.to_builtins(Score(total=points / 10)))
        for i, (streamer, points) in enumerate(rows)
    ]


def repeats(order: Sequence[Clip]) -> int:
    return sum(one.streamer == other.streamer for one, other in itertools.pairwise(order))


def test_the_best_opens_and_the_second_best_ends() -> None:
    order = running_order(scored([("a", 3), ("b", 9), ("c", 5), ("a", 7), ("b", 1)]))
    assert order[0].score.total == 0.9
    assert order[-1].score.total == 0.7


@settings(derandomize=True, deadline=None, max_examples=100)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 10)), max_size=7))
def test_nobody_follows_himself_more_often_than_must_be(rows: list[tuple[str, int]]) -> None:
    picks = scored(rows)
    order = running_order(picks)
    assert sorted(c.id for c in order) == sorted(c.id for c in picks)
    if len(order) < 3:
        return
    middles = itertools.permutations(order[1:-1])
    fewest = min(repeats([order[0], *middle, order[-1]]) for middle in middles)
    assert repeats(order) == fewest
