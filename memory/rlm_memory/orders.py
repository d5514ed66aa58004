"""Orders to an agent in other languages than English, as shapes.

For each language: how it is told to ignore, what was said before or is its own, words for
instructions; how it is told to keep still, and before whom; how it is told to reveal, send or
delete, and what. Only forms of command are in: who tells that something was ignored or forgotten
gives no order. The words of one order stand near each other, in the order of the language.
"""

# ruff: noqa: RUF001 - Cyrillic words are meant

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Order:
    """A shape of order and why it is one; looked for where the text has one of `words`."""

    why: str
    words: frozenset[str]
    pattern: re.Pattern[str]

    @classmethod
    def of(cls, why: str, words: str, pattern: str) -> "Order":
        return cls(why, frozenset(words.split()), re.compile(pattern, re.IGNORECASE))


def any_of(words: str) -> str:
    """A pattern for one of these words, which spaces divide."""
    return rf"\b(?:{'|'.join(words.split())})\b"


IGNORES: Final = "tells to ignore what was said before"
VOICE: Final = "speaks in the voice of a prompt"
ROLE: Final = "gives a new role"
KEEPS_STILL: Final = "asks to keep something from the user"
AWAY: Final = "asks for secrets or to send something away"
RUNS: Final = "asks to run something"

# Told to ignore (`_` is a space); what was before, all, or its own; how `instructions` begins.
_IGNORE: Final = """
ignoriere ignoriert ignorieren_sie vergiss vergesst vergessen_sie missachte missachten_sie
  überschreibe befolge_nicht befolge_keine folge_nicht
| alle allen aller sämtliche bisherige bisherigen vorherige vorherigen vorige vorigen frühere
  früheren
  obige obigen deine deinen ihre ihren die
| anweisung instruktion regel vorgabe richtlinie systemprompt system-prompt befehl
;
ignore ignorez ignorer oublie oubliez néglige négligez ne_suis_pas ne_suis_plus ne_suivez_pas
  ne_respecte_pas
| toute toutes tous précédent précédente précédentes antérieures tes vos les
| consigne instruction règle directive prompt
;
ignora ignore ignorad olvida olvide olvidad descarta desconsidere esqueça esquece no_sigas
  no_obedezcas não_siga
| toda todas todos anterior anteriores previas prévias tus sus suas tuas las as
| instruccion instruç regla regra indicacion directriz directric diretriz prompt orden órdenes
;
ignora ignorate dimentica dimenticate trascura scorda non_seguire
| tutte tutti precedenti precedente tue tuoi le i
| istruzion regol direttiv indicazion prompt ordini
;
negeer vergeet | alle vorige eerdere voorgaande je jouw uw | instructie regels opdracht richtlijn
  prompt
;
zignoruj ignoruj zapomnij pomiń | wszystkie wszystkich poprzednie poprzednich wcześniejsze swoje o
| instrukcj polece zasad reguł prompt
;
игнорируй игнорируйте проигнорируй проигнорируйте забудь забудьте отбрось отбросьте ігноруй
ігноруйте
| все всё всех предыдущие предыдущих прежние прошлые свои своих твои ваши попередні усі о
| инструкци указани правил промпт команд директив вказівк інструкц
;
не_следуй не_следуйте не_подчиняйся не_подчиняйтесь не_выполняй не_выполняйте не_соблюдай
| предыдущим предыдущие прежним прежние своим свои твоим системным системные
| инструкци указани правил промпт команд директив
;
ignorera glöm strunta_i | alla tidigare föregående dina | instruktion regler prompt
;
ignorer glem | alle tidligere foregående dine | instruks instruktion regler prompt
;
ignoruj ignorujte zapomeň zapomeňte | všechny předchozí své tvé na | pokyn instrukc pravid prompt
;
ignoră ignorați uită uitați | toate precedente anterioare tale | instrucțiun regul prompt
;
abaikan lupakan | semua segala sebelumnya | instruksi perintah aturan
;
bỏ_qua quên | mọi tất các | hướng lệnh chỉ_dẫn quy
;
αγνόησε αγνοήστε ξέχνα ξεχάστε | όλες όλους προηγούμενες τις τους | οδηγί εντολ κανόν
;
تجاهل تجاهلي انس | جميع كل كافة التعليمات الأوامر القواعد | تعليمات أوامر قواعد السابقة
;
התעלם התעלמי שכח | מכל כל מההוראות את | הוראות כללים הקודמות
"""
_HAN: Final = Order.of(
    IGNORES,
    "",
    r"(?:忽略|无视|無視|忘记|忘記|忘掉|不要理会|不要理會|抛弃|拋棄|(?:不要|不必|无需|停止)"
    r"(?:遵守|遵循|遵从|执行|听从))(?!了)[^。.\n]{0,8}"
    r"(?:之前|先前|以上|前面|所有|全部|你的|您的|系统|系統)[^。.\n]{0,8}"
    r"(?:指令|指示|规则|規則|提示|要求|命令|设定|設定)"
    r"|(?:前|これまで|以前|上記|すべて|全て|あなた)[^。\n]{0,8}(?:指示|命令|ルール|指令|プロンプト)"
    r"[^。\n]{0,8}(?:無視|忘れ|従わな)(?!した|しまし|てしま)"
    r"|(?:이전|모든|위의|너의)[^.\n]{0,10}(?:지시|명령|규칙|프롬프트)[^.\n]{0,8}(?:무시|잊)"
    r"|(?:पिछले|पिछली|पहले|सभी)[^।\n]{0,30}(?:निर्देश|नियम|आदेश)[^।\n]{0,20}(?:अनदेखा|नज़रअंदाज़|भूल)",
)
_SYSTEM_PROMPT: Final = (
    r"(?:system-?\s?prompt|systemanweisung|prompt (?:du |del |di |do )?(?:syst[eè]me|sistema)"
    r"|instructions? (?:secr[eè]t|syst)\w*|системн\w+ (?:промпт|инструкци|подсказк)\w*"
    r"|系统提示|系統提示|システムプロンプト|시스템 프롬프트)"
)
_HAN_OTHERS: Final = (
    Order.of(
        VOICE,
        "",
        r"(?:助手|助理|智能体|アシスタント|모델)\s*[,:,:、!]\s*"
        r"(?:不要|请|別|别|立即|删除|执行|直接|忽略)",
    ),
    Order.of(
        ROLE,
        "",
        r"从现在(?:开始|起)[^。\n]{0,4}(?:你|您)|(?:你|您)现在是[^。\n]{0,12}(?:助手|模型|系统|终端)"
        r"|(?:今から|これから|以後)[^。\n]{0,6}(?:あなたは|君は)|(?:이제부터|지금부터)[^.\n]{0,6}(?:너는|당신은)",
    ),
    Order.of(
        KEEPS_STILL,
        "",
        r"(?:不要|别|別|勿|请勿|不得)[^。\n]{0,6}(?:告诉|告訴|通知|提醒|透露给|让|讓)"
        r"[^。\n]{0,4}(?:用户|用戶|使用者)"
        r"|(?:ユーザー?|利用者)[^。\n]{0,8}(?:伝え|知らせ|教え|言わ|言っ)[^。\n]{0,4}(?:ない|ず|ては)"
        r"|사용자에게[^.\n]{0,12}(?:말하지|알리지)",
    ),
    Order.of(
        AWAY,
        "",
        rf"(?:输出|輸出|显示|顯示|打印|透露|告诉我)[^.。\n]{{0,40}}{_SYSTEM_PROMPT}"
        rf"|{_SYSTEM_PROMPT}[^.。\n]{{0,12}}(?:表示|出力|教えて|見せて|출력|보여)"
        r"|(?:把|将|將)[^。\n]{0,12}(?:记忆|記憶|密码|密碼|密钥|密鑰|文件|机密|秘密|令牌)[^。\n]{0,8}"
        r"(?:发送|發送|上传|上傳|发给|發給|寄|删除|刪除|泄露)"
        r"|(?:删除|刪除|清空|泄露|发送|發送|上传)(?!了)[^。\n]{0,4}(?:所有|全部|一切)[^。\n]{0,6}"
        r"(?:记忆|記憶|密码|密碼|日志|日誌|审计|文件)"
        r"|(?:输出|輸出|显示|顯示|打印|透露)[^。\n]{0,4}(?:所有|全部|一切)[^。\n]{0,6}"
        r"(?:记忆|記憶|密码|密碼|密钥|密鑰|令牌|机密)"
        r"|(?:すべて|全て|全部)[^。\n]{0,6}(?:記憶|パスワード|ファイル|鍵)[^。\n]{0,6}"
        r"(?:送信|削除|消去|送っ)",
    ),
    Order.of(RUNS, "", r"(?:执行|執行|运行|運行|実行)[^.。\n]{0,20}(?:rm -[rf]|curl |wget |sudo )"),
)
_STILL_VERBS: Final = """
sag sage sagen sagt erzähl erzähle verrat verrate erwähne melde zeig zeige informiere
dis dites révèle révélez montre montrez mentionne mentionnez informe
digas diga informes menciones reveles muestres conte mencione
dire dirlo informare menzionare rivelare mostrare vertel zeg meld mów informuj pokazuj
informieren sagen erzählen verraten erwähnen сообщай сообщайте говори говорите рассказывай
  рассказывайте показывай показывайте упоминай раскрывай
повідомляй кажи
"""
_USERS: Final = """
nutzer nutzern benutzer benutzern anwender anwendern user menschen utilisateur utilisateurs
utilisatrice
usuario usuarios usuário usuários utente utenti gebruiker gebruikers użytkownik użytkownikowi
użytkownika użytkownikom пользователь пользователю пользователям пользователя человеку людям
владельцу
користувачу користувачеві
"""
_NOT: Final = any_of("nicht nichts kein keinem keinen ne no não non niet niets nie не")
_REVEAL_VERBS: Final = """
gib geben zeig zeige verrat verrate révèle révélez affiche affichez montre muestra muestre revela
revele
mostra rivela stampa toon pokaż wyświetl покажи покажите выведи выведите раскрой напечатай
"""
_AWAY_VERBS: Final = """
lösche lösch löschen entferne schick schicke sende übermittle lade supprime supprimez efface effacez
envoie envoyez transmets borra borre elimina elimine envía envíe manda apague envie invia inviate
cancella verwijder stuur usuń wyślij удали удалите отправь отправьте сотри сотрите перешли перешлите
пришли пришлите видали надішли
"""
_ALL: Final = any_of(
    "alle allen alles sämtliche sämtlichen toute toutes tous todo todos toda todas tutti tutte"
    " wszystkie все всё всех весь всю"
)
_GOODS: Final = (
    r"(?:erinnerung|passw|schlüssel|geheim|zugangsdat|datei|audit|mémoire|souvenir|clé|fichier|secret"
    r"|mot de passe|memoria|contraseñ|archivo|clave|senha|arquivo|ricord|file|chiav|herinner"
    r"|wachtwo|bestand|hasł|plik|парол|ключ|файл|памят|воспоминан|секрет|журнал|аудит)"
)
_KEPT: Final = (
    r"(?:passw|schlüssel|geheim|zugangsdat|mot de passe|contraseñ|senha|парол|ключ|секрет)"
)
_HOST: Final = r"(?:[\w.+-]+@|\b[\w-]+\.(?:com|net|org|io|example|ru|de|cn)\b|https?://)"
_LEDGER: Final = (
    r"(?:журнал аудита|audit|protokoll der|journal d'audit|registro de auditor|registro di audit)"
)
_RUN_VERBS: Final = """
führ führe führen starte exécute exécutez lance lancez ejecuta ejecute execute esegui voer uruchom
wykonaj выполни выполните запусти запустите виконай
"""
_ROLE_WORDS: Final = """
bist wirst musst sollst handle verhalte agiere tu vous eres debes você sei devi ben moet jesteś
  musisz
теперь отныне момента
"""
_ROLE: Final = (
    r"\b(?:ab (?:jetzt|sofort)|von nun an),? (?:bist|wirst|musst|sollst) du\b"
    r"|\bdu bist (?:jetzt|nun|ab sofort) (?:ein|der|die|kein)"
    r"|\b(?:handle|verhalte dich|agiere)\b[^.\n]{0,20}\bals\b[^.\n]{0,30}"
    r"\b(?:assistent|ki|modell)\b"
    r"|\b(?:à partir de maintenant|désormais),? (?:tu (?:es|dois|vas)|vous (?:êtes|devez))\b"
    r"|\btu es (?:maintenant|désormais) (?:un|le|la)\b"
    r"|\b(?:a partir de ahora|desde ahora),? (?:eres|debes)\b|\bahora eres un"
    r"|\b(?:a partir de agora),? você\b|\bagora você é um"
    r"|\b(?:da ora|d'ora) in poi,? (?:sei|devi)\b|\b(?:adesso|ora) sei un"
    r"|\bvanaf nu (?:ben|moet) je\b|\bod teraz (?:jesteś|musisz)\b"
    r"|\b(?:теперь|отныне|с этого момента),? (?:ты|вы)[ —-]+"
    r"(?:администратор|ассистент|свобод|должны?\b|должен|обязан|не ассист|модель|бот|агент)"
)
_ADDRESSED: Final = (
    r"(?:^|[\n.!>*]\s*|<!--\s*)(?:"
    r"(?:hinweis|nachricht|anweisung|notiz|befehl)(?:en)? (?:an|für) (?:den|die|das|alle) "
    r"(?:assistent|ki\b|agent|modell|sprachmodell|bot)\w*"
    r"|(?:note|message|instruction)s? (?:à|pour) (?:l'assistant|l'agent|l'ia|le modèle)"
    r"|(?:nota|mensaje|mensagem|messaggio|instruccion\w*) (?:para|al|per|all)\W?"
    r"(?:el |la |o |a |l')?(?:asistente|assistente|agente|modelo|modello|ia\b)"
    r"|(?:ассистент|помощник|нейросеть|модель|агент|бот)\s*[,:!]\s*"
    r"(?:не |удали|отправь|выполни|покажи|забудь|игнорируй)"
    r")"
)


def _ignoring() -> Iterable[Order]:
    for language in _IGNORE.strip().split(";"):
        verbs, before, nouns = language.split("|")
        told = f"(?:{'|'.join(nouns.split())})"
        shape = (
            rf"{any_of(verbs).replace('_', ' ')}[^.\n]{{0,30}}{any_of(before)}[^.\n]{{0,40}}{told}"
        )
        firsts = " ".join(verb.split("_")[0] for verb in verbs.split())
        yield Order.of(IGNORES, firsts, shape)


def _near(verbs: str, rest: str, within: int = 40) -> str:
    return rf"{any_of(verbs)}[^.\n]{{0,{within}}}{rest}"


# By words; those in scripts without spaces apart, to be looked for where there is such a script.
ORDERS: Final = (
    *_ignoring(),
    Order.of(
        VOICE,
        "hinweis hinweise nachricht anweisung anweisungen notiz befehl note message instruction"
        " instructions nota mensaje mensagem messaggio instrucciones ассистент помощник нейросеть"
        " модель агент бот",
        _ADDRESSED,
    ),
    Order.of(
        KEEPS_STILL,
        _USERS,
        rf"{_near(_STILL_VERBS, any_of(_USERS))}[^.\n]{{0,30}}{_NOT}"
        rf"|{_NOT}[^.\n]{{0,12}}{_near(_STILL_VERBS, any_of(_USERS))}"
        rf"|{_NOT}[^.\n]{{0,8}}{_near(_USERS, any_of(_STILL_VERBS), within=12)}",
    ),
    Order.of(AWAY, _REVEAL_VERBS, _near(_REVEAL_VERBS, _SYSTEM_PROMPT)),
    Order.of(
        AWAY,
        _AWAY_VERBS,
        rf"{_near(_AWAY_VERBS, f'(?:{_ALL}|{_HOST})')}[^.\n]{{0,40}}{_GOODS}"
        rf"|{_near(_AWAY_VERBS, _GOODS)}[^\n]{{0,40}}{_HOST}"
        rf"|{_near(_AWAY_VERBS, _LEDGER, within=20)}",
    ),
    Order.of(AWAY, _REVEAL_VERBS, rf"{_near(_REVEAL_VERBS, _ALL)}[^.\n]{{0,30}}{_KEPT}"),
    Order.of(
        AWAY,
        "senden schicken übermitteln weiterleiten",
        rf"{_GOODS}[^\n]{{0,30}}{_HOST}[^\n]{{0,30}}"
        r"\b(?:senden|schicken|übermitteln|weiterleiten)\b",
    ),
    Order.of(ROLE, _ROLE_WORDS, _ROLE),
    Order.of(
        IGNORES,
        "gelten gilt aufgehoben",
        r"\b(?:deine|ihre)\b[^.\n]{0,20}\b(?:regeln|anweisungen|vorgaben|richtlinien)\b[^.\n]{0,12}"
        r"\b(?:nicht mehr|aufgehoben|ab sofort nicht)\b"
        r"|\bgelten\b[^.\n]{0,12}\b(?:deine|ihre)\b[^.\n]{0,30}\bnicht mehr\b",
    ),
    Order.of(
        IGNORES,
        "talimatları talimatlarını talimatlar kuralları kurallarını komutları komutlarını",
        r"\b(?:tüm|bütün|önceki)\b[^.\n]{0,30}(?:talimat|kural|komut)\w*[^.\n]{0,20}"
        r"(?:yok say|unut|görmezden|dikkate alma)",
    ),
    Order.of(
        RUNS, _RUN_VERBS, _near(_RUN_VERBS, r"(?:rm -[rf]|curl |wget |sudo |mkfs|dd if=)", 20)
    ),
)
UNSPACED: Final = (_HAN, *_HAN_OTHERS)
UNSPACED_SCRIPT: Final = re.compile("[\u0900-\u097f\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]")
