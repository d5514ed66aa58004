"""Questions in languages that are not understood: which one it is, and what of it can be searched.

German is translated word by word from a short hand-made list, since its words about software are
mostly not English; of French, Spanish, Italian and Portuguese only what code shares with them is
kept. What comes of it is told to whoever asked.
"""

import re

from rlm_crystal.terms import STOP_WORDS, parts

Concept = tuple[str, ...]

_WORD = re.compile(r"\w+")
_ENDING_CHARS_MAX = 4

_LITTLE = {
    "German": """
        aber alle als am an auf aus bei beim das dass dem den der des die dort durch ein eine einem
        einen einer eines es für gegen gibt habe haben hat hier ich ihr im in ins ist kann kein
        keine mein mit muss nach nicht noch nur ob oder ohne sich sie sind so soll über um und uns
        unter vom von vor wann warum was weil welche welchem welchen welcher welches wem wen wenn
        wer werden wessen wie wieso wird wo wodurch woher wohin womit wurde zu zum zur zwischen
        hinzu mache macht machen füge viele bitte
    """,
    "French": """
        au aux avec ce ces cette comment dans de des du elle en est et il la le les leur lorsque
        mais ne nous où par pas pour pourquoi qu quand que quel quelle quelles quels qui quoi sans
        se ses son sont sur un une vous
    """,
    "Spanish": """
        al como cómo con cuál cuáles cuando cuándo cuántas cuántos de del desde dónde donde el en
        es esta este hay la las lo los más no para pero por porque qué que quién se sin sobre son
        su una uno unos y
    """,
    "Italian": """
        al alla che chi come con cosa da dal dalla dei del della delle di dove e gli i il in
        la le lo nel nella non per perché quale quali quando quanti sono su un una uno viene
    """,
    "Portuguese": """
        ao aos as com como da das de do dos e em é esta este isso na nas no nos não o onde os para
        por porque qual quais quando quantos que quem se sem são um uma
    """,
}
_FUNCTION_WORDS = {name: frozenset(words.split()) for name, words in _LITTLE.items()}
_TOGETHER = 2

# The beginning of a German word, and the English words that code has for it.
_GERMAN = """
abbruch abort cancel; abfrag query; abgelaufen expired; abhängigkeit dependency; ablauf expire;
abruf fetch; abschließ finish close; abstürz crash; adresse address; aktualisier update refresh;
algorithmus algorithm; anfrage request; angemeldet login; anhang attachment; anmeld login;
anschließ connect; antwort response reply; anwend application apply; anzahl count number;
anzeig display show; argument argument; art kind type; aufgabe task job; aufgeruf call invoke;
aufräum cleanup; aufruf call invoke; auftrag job; ausdruck expression; ausführ run execute;
ausgabe output; ausgeb output print; ausgelös trigger raise; ausgeschaltet disable;
auslös trigger raise; ausnahme exception; ausschalt disable; auswahl select; auswert evaluate;
authentifizier authenticate; baum tree; bearbeit edit process; bedingung condition;
beend exit stop; befehl command; begrenz limit; beispiel example; benachrichtig notify;
benenn rename name; benutz user use; berechn compute calculate; berechtig permission;
beschränk limit restrict; bestätig confirm; bibliothek library; bild image; block block;
datei file; daten data; datenbank database; datum date; dekodier decode; drosse throttle;
druck print; durchsuch search; eigenschaft property; eingabe input; einfüg insert add;
eingebunden include; einstell setting option; eintrag entry; element element; empfang receive;
empfäng receive; entfern remove delete; entpack unpack extract; entschlüssel decrypt;
entwickl develop; ereignis event; ergebnis result; erneuer renew; erneut retry again;
ersetz replace; erstell create; erweiter extension; erzeug create generate produce;
fähigkeit capability; farb color colour; fehler error; fehlgeschlag fail; fehlschl fail;
fenster window; filter filter; format format; funktion function; gebaut build; geladen load;
gelesen read; gelöscht delete remove; geprüft check verify; geschrieben write; gesendet send;
gespeichert save store; gestartet start; geöffnet open; gesetzt set; getrennt disconnect;
größe size; grenze limit; gruppe group; hinzu add; hinzufüg add; hintergrund background;
hochgeladen upload; hochlad upload; index index; inhalt content; instanz instance;
kennwort password; klasse class; klein small; knoten node; kommentar comment;
komprimier compress; konfigur config configuration; konflikt conflict; kopf header head;
kopier copy; länge length; lad load; laufzeit runtime; leer empty; leiste bar; les read;
liste list; lösch delete remove; mehrfach multiple; meldung message; menge set amount;
merk store; methode method; migration migration; mischen merge; modul module; muster pattern;
nachricht message; name name; netzwerk network; neue new; neustart restart; nutz user use;
öffn open; ordner folder directory; paket package; parallel parallel concurrent;
passwort password; pfad path; platzhalter placeholder; protokoll log protocol;
prüf check verify validate; puffer buffer; quelle source; rechte permission; registrier register;
reihenfolge order; rückgabe return; schema schema; schicht layer; schleife loop;
schließ close; schlüssel key; schnittstelle interface; schreib write; seite page; send send;
server server; sicher secure safe; sicherung backup; signier sign; sitzung session;
sortier sort; speicher memory store save; sperr lock; spiegel mirror; sprache language;
standard default; standardwert default; start start; stapel stack batch; status status state;
steuer control; stopp stop; struktur structure; suche search find; such search find;
tabelle table; teil part split; test test; text text; trenn separate disconnect;
überprüf check verify; übersetz translate compile; überschreib override overwrite;
übertrag transfer; überwach monitor watch; umgebung environment; umgebungsvariable environment;
umgewandelt convert; umleit redirect; umwandl convert; ungültig invalid; unterschied difference;
untersuch inspect; unterstütz support; variable variable; veraltet deprecated outdated;
verarbeit process handle; verbind connect connection; vererb inherit; verfallen expire;
vergleich compare; verknüpf link; verlauf history; veröffentlich publish release;
verschieb move; verschlüssel encrypt; versend send; version version; versuch try attempt;
verteil distribute; verwalt manage; verwend use; verzeichnis directory folder;
verzöger delay; vorlage template; vorschau preview; wähl choose select; warn warning;
warte wait; warteschlange queue; wechsel switch change; weiterleit forward redirect; wert value;
wiederherstell restore recover; wiederhol retry repeat; zähl count; zeichen character;
zeichenkette string; zeile line; zeichn draw; zeit time; zeitlimit timeout;
zeitüberschreitung timeout;
zertifikat certificate; zugang access; zugriff access; zurück back return; zusammenfass summary;
zusammenführ merge; zustand state; zwischenspeicher cache
"""
_GLOSSARY = {
    beginning: tuple(english)
    for beginning, *english in (row.split() for row in _GERMAN.replace("\n", " ").split(";"))
}


def foreign_language(text: str) -> str:
    """The language of a question that is neither English nor Russian, or an empty string.

    Told by its little words, of which there must be two more than English ones.
    """
    words = [word.lower() for word in _WORD.findall(text)]
    if any("а" <= letter <= "я" for letter in text.lower()):  # noqa: RUF001
        return ""
    # `die`, `was`, `in` are English too; what both languages have decides nothing.
    held = {
        name: len({word for word in words if word in little and word not in STOP_WORDS})
        for name, little in _FUNCTION_WORDS.items()
    }
    best = max(held, key=lambda name: held[name])
    english = len({word for word in words if word in STOP_WORDS})
    return best if held[best] >= _TOGETHER and held[best] > english else ""


def foreign_concepts(text: str, language: str) -> tuple[Concept, ...]:
    """The telling words of a question in `language`, in English where a short list has them."""
    little = _FUNCTION_WORDS[language]
    found: dict[Concept, None] = {}
    for raw in _WORD.findall(text):
        english = _translated(raw.lower()) if language == "German" else ()
        if raw.lower() in little:
            continue
        for word in (raw,) if english else parts(raw):
            if len(word) > 1 or word.isdigit():
                found[english or (word,)] = None
    return tuple(found)


def _translated(word: str) -> tuple[str, ...]:
    """English for a German word: the longest beginning that leaves an ending, past `ge-` too."""
    for form in (word, word.removeprefix("ge")):
        for length in range(len(form), 2, -1):
            if len(form) - length > _ENDING_CHARS_MAX:
                break
            if form[:length] in _GLOSSARY and (length > 3 or length == len(form)):
                return _GLOSSARY[form[:length]]
    return ()
