"""English words whose forms share no stem, each with the form that stands for all.

A stemmer cuts endings; it cannot know that `went` is a form of `go`. Forms that are also common
words of another meaning (`felt`, `ground`, `saw` the tool) are in where the verb is far commoner.
"""

from typing import Final

_FORMS: Final = """
be was were been am is are|become became|begin began begun|bend bent|bet|bind bound
bite bit bitten|blow blew blown|break broke broken|bring brought|build built|burn burnt|buy bought
catch caught|choose chose chosen|cling clung|come came|creep crept|deal dealt|dig dug|do did done
draw drew drawn|dream dreamt|drink drank drunk|drive drove driven|eat ate eaten|fall fell fallen
feed fed|feel felt|fight fought|find found|flee fled|fly flew flown|forbid forbade forbidden
forget forgot forgotten|forgive forgave forgiven|freeze froze frozen|get got gotten
give gave given|go went gone|grow grew grown|hang hung|have had has|hear heard|hide hid hidden
hold held|keep kept|kneel knelt|know knew known|lay laid|lead led|lean leant|leap leapt
learn learnt|leave left|lend lent|lie lain|light lit|lose lost|make made|mean meant|meet met
mistake mistook mistaken|overcome overcame|pay paid|prove proven|ride rode ridden|ring rang rung
rise rose risen|run ran|say said|see saw seen|seek sought|sell sold|send sent|sew sewn
shake shook shaken|shine shone|shoot shot|show shown|shrink shrank shrunk|sing sang sung
sink sank sunk|sit sat|sleep slept|slide slid|speak spoke spoken|spend spent|spin spun
spring sprang sprung|stand stood|steal stole stolen|stick stuck|sting stung|strike struck stricken
swear swore sworn|sweep swept|swim swam swum|swing swung|take took taken|teach taught
tear tore torn|tell told|think thought|throw threw thrown|understand understood|wake woke woken
wear wore worn|weave wove woven|weep wept|win won|wind wound|withdraw withdrew withdrawn
write wrote written|bad worse worst|child children|crisis crises|foot feet|good better best
goose geese|knife knives|leaf leaves|life lives|loaf loaves|man men|mouse mice|person people
shelf shelves|tooth teeth|wife wives|wolf wolves|woman women|index indices|matrix matrices
vertex vertices
"""

BASE_FORMS: Final[dict[str, str]] = {
    form: forms[0]
    for forms in map(str.split, _FORMS.replace("\n", "|").split("|"))
    for form in forms[1:]
}
