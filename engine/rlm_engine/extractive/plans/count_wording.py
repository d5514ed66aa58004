"""What a count says: the number and its noun, the places, and how to see the rest of them."""

# ruff: noqa: E501, RUF001

from rlm_engine.extractive.cell import Conclusion
from rlm_engine.extractive.evidence import Printed
from rlm_engine.extractive.plans.counted_things import NOUNS_RU, what_counted, where_counted
from rlm_engine.extractive.plans.counting_ways import how_counted
from rlm_engine.extractive.query import Listing, Order
from rlm_engine.extractive.question import Question
from rlm_engine.extractive.voice import Voice, counted


def tell_count(question: Question, listing: Listing, printed: Printed) -> Conclusion:
    """The number first, then how it was counted, then the places."""
    voice = Voice(question.russian)
    total, files, tests = (int(n) for n in printed.strings("total")[0])
    head = [
        _headline(listing, printed, (total, files, tests), voice),
        how_counted(listing, printed, voice),
    ]
    unparsed = sorted({row[0] for row in printed.strings("unparsed")})
    if unparsed:
        head.append(
            voice(
                f"Not parsed, so read by pattern: {', '.join(unparsed)}.",
                f"Без разбора, по образцу: {', '.join(unparsed)}.",
            )
        )
    for count, path, reason in printed.strings("left_out"):
        head.append(
            voice(
                f"Not looked into: {counted(int(count), 'such file')} that the index leaves out, for instance {path} ({reason}).",
                f"Не просмотрены файлы, которых нет в индексе: {count}, например {path} ({reason}).",
            )
        )
    if total and (listing.order or listing.sum):
        head.append(voice("The first of them:", "Первые из них:"))
    before = " ".join(part for part in head if part)
    if not total:
        return Conclusion(f"{before}\n\n{voice.closing()}")
    left = total - printed.number("shown")
    more = ""
    if left > 0 and not listing.order and not listing.sum:
        more = voice(
            f"\n… and {left:,} more; ask about one folder (“in path/to/folder”) to see the rest.",
            f"\n… и ещё {left}; спросите про одну папку («в path/to/folder»), чтобы увидеть остальные.",
        )
    return Conclusion(f"{before}\n\n", rows="rows", after=f"{more}\n\n{voice.closing()}")


def tell_unread(question: Question, listing: Listing) -> Conclusion:
    """That this cannot be counted exactly, and which words are in the way."""
    voice = Voice(question.russian)
    words = " ".join((listing.unread or listing.noun or listing.object).split())
    told = voice(
        f'I cannot count this exactly without a language model: no rule decides "{words}". '
        "What I count: files, definitions, tests, calls, imports, texts, comments, lines; by their names, "
        "places, headers, sizes, bases, decorators and what is inside them.",
        f"Точно посчитать это без языковой модели не могу: нет правила, по которому решается «{words}». "
        "Считаю файлы, определения, тесты, вызовы, импорты, тексты, комментарии, строки — по именам, "
        "местам, заголовкам, размерам, предкам, декораторам и содержимому.",
    )
    return Conclusion(f"{told}\n\n{voice.closing()}")


def _headline(
    listing: Listing, printed: Printed, counts: tuple[int, int, int], voice: Voice
) -> str:
    total, files, tests = counts
    taken = (printed.strings("taken") or [("",)])[0][0]
    if not total:
        return _none(
            listing,
            f"{what_counted(listing, taken, 2, voice)}{where_counted(listing, voice)}",
            printed,
            voice,
        )
    if listing.sum:
        return _summed(listing, printed, total, voice)
    if listing.order:
        return _ranked(listing, printed, total, voice)
    if listing.target == "time" and listing.relation == "contain":
        return _occurrences(listing, printed, files, voice)
    what = f"{what_counted(listing, taken, total, voice)}{where_counted(listing, voice)}"
    spread = ""
    if _unit_is_smaller(listing) and not (listing.scope and files == 1):
        spread = voice(f" in {counted(files, 'file')}", f" (файлов: {files})")
    split = ""
    if 0 < tests < total:
        split = voice(
            f" ({total - tests:,} outside tests, {tests:,} in tests)",
            f" (вне тестов: {total - tests}, в тестах: {tests})",
        )
    parts = voice(
        ", ".join(_told_share(int(n), kind) for kind, n in printed.strings("split")),
        ", ".join(f"{NOUNS_RU.get(kind, kind)}: {n}" for kind, n in printed.strings("split")),
    )
    of_them = f": {parts}" if parts else ""
    return voice(
        f"{total:,} {what}{spread}{split}{of_them}.",
        f"Найдено {total}: {what}{spread}{split}{of_them}.",
    )


def _told_share(number: int, kind: str) -> str:
    return counted(number, kind) + (" outside classes" if kind == "function" else "")


def _unit_is_smaller(listing: Listing) -> bool:
    return listing.target not in ("file", "module", "folder")


def _occurrences(listing: Listing, printed: Printed, files: int, voice: Voice) -> str:
    lines, whole, loose = (int(n) for n in printed.strings("text")[0])
    number = loose if listing.whole is False else whole
    where = where_counted(listing, voice)
    other = ""
    if loose != whole:
        other = voice(
            f" ({whole:,} of them as a whole word)"
            if listing.whole is False
            else f" as a whole word ({loose:,} with those inside longer words)",
            f" (целым словом: {whole})"
            if listing.whole is False
            else f" целым словом (вместе с частями слов: {loose})",
        )
    return voice(
        f"{counted(number, 'occurrence')} of `{listing.object}`{where}{other}, on {counted(lines, 'line')} in {counted(files, 'file')}; upper and lower case are told apart.",
        f"Найдено {number}: вхождения `{listing.object}`{where}{other}, строк: {lines}, файлов: {files}; регистр учитывается.",
    )


def _summed(listing: Listing, printed: Printed, total: int, voice: Voice) -> str:
    amount, blank = (int(n) for n in printed.strings("sum")[0])
    things = f"{total:,} {what_counted(listing, '', total, voice)}{where_counted(listing, voice)}"
    return voice(
        f"{counted(amount, 'line')} in {things}, {blank:,} of them blank.",
        f"Строк: {amount}, из них пустых {blank}; {things}.",
    )


def _ranked(listing: Listing, printed: Printed, total: int, voice: Voice) -> str:
    order = listing.order
    if order is None:
        return ""
    unit = _measured_in(order, voice)
    best = printed.strings("best")
    place, number = best[0]
    ties = printed.number("ties")
    among = voice(
        f" (of {total:,} {what_counted(listing, '', total, voice)}{where_counted(listing, voice)})",
        f" (всего {total}: {what_counted(listing, '', total, voice)}{where_counted(listing, voice)})",
    )
    most = voice(
        "most" if order.most else "fewest", "больше всего" if order.most else "меньше всего"
    )
    if ties > 1 and order.first == 1:
        return voice(
            f"{int(number):,} {unit} is the {most}, and {ties:,} have it{among}:",
            f"{int(number):,} — {unit}, {most}; столько у {ties}{among}:",
        )
    return voice(
        f"{int(number):,} {unit}, the {most}: {place}{among}.",
        f"{int(number):,} — {unit}, {most}: {place}{among}.",
    )


def _measured_in(order: Order, voice: Voice) -> str:
    if order.measure:
        return voice(
            order.measure,
            {
                "lines": "строк",
                "parameters": "параметров",
                "bytes": "байт",
                "characters": "символов",
            }[order.measure],
        )
    return what_counted(order.part, "", 2, voice) if order.part else ""


def _none(listing: Listing, what: str, printed: Printed, voice: Voice) -> str:
    name = listing.owner or (listing.object if listing.relation == "subclass" else "")
    if name and printed.strings("owners") and not printed.number("owners"):
        return voice(
            f"None: nothing named `{name}` is defined in the indexed files.",
            f"Ни одного: имени `{name}` в проиндексированных файлах нет.",
        )
    return voice(
        f"None: no {what} in the indexed files.", f"Ни одного: {what} — в индексе такого нет."
    )
