"""Words of other languages that a statement turns on, told in English.

Statements in German, Russian and Chinese are compared by the same signals as English ones, for
which their negations, words of change and of adding, and small numbers are told in English, words
of grammar are left out, and Chinese and Japanese, which have no spaces, are cut into characters.
"""

# ruff: noqa: RUF001, SIM905 - other scripts are meant

import re
from typing import Final

_CUES: Final = """
no longer | nicht mehr, kein\\w* mehr, nie mehr, больше не\\w*, уже не, 不再, 没再, もう
now | jetzt, nun, ab sofort, neuerdings, inzwischen, mittlerweile, nur noch, seit neuestem, теперь
now | отныне, с недавних пор, 现在, 如今, 目前, 已经, 今は, 新しい
instead | statt, anstatt, anstelle, вместо, 而不是, 代替, 代わりに
moved | umgezogen, gezogen, verlegt, verschoben, umgestellt, umgestiegen, gewechselt, geändert
moved | ersetzt, umbenannt, verkauft, gekündigt, erhöht, gesenkt, переехал\\w*, перешл\\w*, перешёл
moved | перенес\\w*, перенёс, перевел\\w*, сменил\\w*, заменил\\w*, поменял\\w*, изменил\\w*
moved | переименова\\w*, продал\\w*, увеличил\\w*, уменьшил\\w*, повысил\\w*, бросил\\w*
moved | 改成, 改为, 換成, 换成, 改用, 变成, 迁移到, 迁移, 搬到, 搬, 移到, 升级到, 升级, 推迟到
moved | 変更, 移行
not | nicht, kein, keine, keinen, keinem, keiner, nie, niemals, не, нет, никогда, 没有, 不, 没
not | 別, ない
also | auch, außerdem, zusätzlich, ebenfalls, тоже, также, 也, 还, 另外, も
maybe | vielleicht, vermutlich, wohl, wahrscheinlich, angeblich, glaube ich, ich glaube, кажется
maybe | возможно, наверное, вероятно, по-моему, вроде, может быть, 可能, 也许, 好像, 大概, たぶん
1 | ein, eins, один, одна, одно, 一
2 | zwei, beide, zweimal, два, две, двое, дважды, 二, 两, 兩
3 | drei, dreimal, три, трое, трижды, 三
4 | vier, четыре, 四
5 | fünf, пять, 五
6 | sechs, шесть, 六
7 | sieben, семь, 七
8 | acht, восемь, 八
9 | neun, девять, 九
10 | zehn, десять, 十
"""
FUNCTION_WORDS: Final = frozenset(
    """
    der die das den dem des einen einem einer eines und oder ist sind war waren bin hat haben habe
    hatte wird werden wurde ich du er wir ihr mein meine meinen meiner meinem unser unsere unseren
    auf im am an ab zu zum zur mit bei aus nach für über unter vor immer es man sich dass von dieser
    diese dieses мы мой моя моё мои моего моей мою наш наша наши нашей есть это эта этот сейчас ещё
    我 们 你 的 是 了 在 有 对 把 和 与 用 这 那 个 之 于 上 中 里 从 到 为 都 很 们 の は が を に
    で と た る し て い ま す
    """.split()
)  # fmt: skip

_HAN: Final = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")
_OTHER: Final = re.compile("[^\x00-\x7f]")
_GERMAN: Final = re.compile(
    r"\b(?:der|die|das|den|dem|ein|eine|ist|sind|wir|ich|mein|meine|nicht|wird|auf|für|mit)\b",
    re.IGNORECASE,
)


def in_cues(text: str) -> str:
    """The text with such words in English; an English text is what it was."""
    if not _OTHER.search(text) and len(_GERMAN.findall(text)) < _GERMAN_MIN:
        return text
    told = _PATTERN.sub(lambda cue: f" {_english(cue[0])} ", text)
    return _HAN.sub(r" \g<0> ", told)


# `die` and `mit` are words of English too.
_GERMAN_MIN: Final = 2


def _english(cue: str) -> str:
    known = _ENGLISH.get(cue.lower())
    if known is not None:
        return known
    return next(told for shape, told in _SHAPED if shape.fullmatch(cue))


_ENGLISH: Final = dict[str, str]()
_SHAPED: Final = list[tuple[re.Pattern[str], str]]()
_spellings: Final = list[str]()
for _line in _CUES.strip().splitlines():
    _told, _foreign = (part.strip() for part in _line.split("|"))
    for _spelling in _foreign.split(", "):
        _spellings.append(_spelling if _HAN.match(_spelling) else rf"\b{_spelling}\b")
        _ENGLISH[_spelling] = _told
        _SHAPED.append((re.compile(_spelling, re.IGNORECASE), _told))
_PATTERN: Final = re.compile("|".join(sorted(_spellings, key=len, reverse=True)), re.IGNORECASE)
