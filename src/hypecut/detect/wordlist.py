"""Words people shout in chat when something happens, written by hand and the same for every game.

Only surprise, laughter, triumph and disaster: emotes of mood, greeting, boredom or taste are posted at
any time and would drown them. No word here is longer than 16 bytes in UTF-8, lower case.
"""

from typing import Final

# Of Twitch, BetterTTV, FrankerFaceZ and 7TV.
_EMOTES: Final = """
    biblethump clap ezclap gasp gigachad hypers hyperclap icant jebaited kekw kekwait kreygasm lul lulw monkas
    monkaw notlikethis omegadance omegalul pausechamp peepoclap pepega pepehands pepelaugh pog pogchamp pogey
    poggers poggies pogslide pogu pogbones wutface xdd
"""
_SHOUTS: Final = """
    ace bro clip clipit clutch damn dayum ez ezpz gg ggs ggez ggwp goat god goddamn godlike holy hype
    insane jeez jesus kek lol lmao lmfao lfg nice nah no noo nooo noice oh omfg omg ooh oof ouch owned
    rekt rip rofl savage sheesh unreal w what wow wp wtf wth www xd yes yikes yoo yooo yoink haha hahaha
    hah jaja jajaja kkk kkkk mdr ptdr vamos vamo golazo wahnsinn krass putain лол ахах ахаха хаха жесть
    ору вау うまい すごい ナイス やば やばい えぐい 卧槽 牛逼 太强了 ㅋㅋ ㅋㅋㅋ 대박
"""
# Accounts that answer, thank and count: they are not viewers.
_BOTS: Final = """
    nightbot streamelements streamlabs moobot fossabot wizebot botisimo deepbot coebot phantombot ankhbot
    own3d stay_hydrated_bot streamstickers soundalerts sery_bot kofistreambot pretzelrocks songlistbot
    commanderroot playwithviewersbot supibot buttsbot titlechange_bot mirrobot blerp tangiabot dixperbro
    streamcaptainbot lolrankbot dota_twitch_bot 9kmmrbot
"""
HYPE_WORDS: frozenset[str] = frozenset((_EMOTES + _SHOUTS).split())
BOTS: frozenset[str] = frozenset(_BOTS.split())
