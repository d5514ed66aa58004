"""The plain way: no disguise, only another door each."""

from attacks.payload import Payload

DIRECT = (
    Payload("open", "direct", "leak", "print(open('@SECRET@').read())"),
    Payload("io-open", "direct", "leak", "import io\nprint(io.open('@SECRET@').read())"),
    Payload(
        "os-open",
        "direct",
        "leak",
        "import os\nprint(os.read(os.open('@SECRET@', os.O_RDONLY), 99))",
    ),
    Payload(
        "pathlib", "direct", "leak", "import pathlib\nprint(pathlib.Path('@SECRET@').read_text())"
    ),
    Payload("environ", "direct", "leak", "import os\nprint(dict(os.environ))"),
    Payload("os-system", "direct", "file", "import os\nos.system('touch @OUT@')"),
    Payload(
        "subprocess", "direct", "file", "import subprocess\nsubprocess.run(['touch', '@OUT@'])"
    ),
    Payload("write", "direct", "file", "import io\nio.open('@OUT@', 'w').write('x')"),
    Payload("copy", "direct", "file", "import shutil\nshutil.copy('@SECRET@', '@OUT@')"),
    Payload("mkdir", "direct", "file", "import os\nos.mkdir('@OUT@')"),
    Payload(
        "list-folder",
        "direct",
        "leak",
        """\
import os
print(os.listdir('@FOLDER@'))
""",
    ),
    Payload(
        "scan-with-glob",
        "direct",
        "leak",
        """\
import glob
print(glob.glob('@FOLDER@/*'))
""",
    ),
    Payload(
        "read-link",
        "direct",
        "leak",
        """\
import os
print(os.readlink('@LINK@'))
""",
    ),
    Payload(
        "map-file",
        "direct",
        "leak",
        """\
import mmap, os
print(mmap.mmap(os.open('@SECRET@', 0), 0, prot=mmap.PROT_READ).read(99))
""",
    ),
    Payload(
        "sendfile",
        "direct",
        "leak",
        """\
import os
os.sendfile(1, os.open('@SECRET@', 0), 0, 99)
""",
    ),
    Payload(
        "loader-data",
        "direct",
        "leak",
        """\
import random
print(random.__loader__.get_data('@SECRET@'))
""",
    ),
    Payload(
        "license-printer",
        "direct",
        "leak",
        """\
license._Printer__filenames = ['@SECRET@']
license._Printer__lines = None
license()
""",
    ),
    Payload(
        "file-url",
        "direct",
        "leak",
        """\
import urllib.request
print(urllib.request.urlopen('file://@SECRET@').read())
""",
    ),
    Payload(
        "posix-module",
        "direct",
        "leak",
        """\
import posix
print(posix.read(posix.open('@SECRET@', 0), 99))
""",
    ),
    Payload(
        "open-code",
        "direct",
        "leak",
        """\
import io
print(io.open_code('@SECRET@').read())
""",
    ),
    Payload(
        "fileinput",
        "direct",
        "leak",
        """\
import fileinput
print(list(fileinput.input('@SECRET@')))
""",
    ),
    Payload(
        "run-path",
        "direct",
        "leak",
        """\
import runpy, traceback
try:
    runpy.run_path('@SECRET@')
except Exception:
    traceback.print_exc()
""",
    ),
    Payload(
        "external-entity",
        "direct",
        "leak",
        """\
import io, xml.sax, xml.sax.handler
class Show(xml.sax.handler.ContentHandler):
    def characters(self, content): print(content)
parser = xml.sax.make_parser()
parser.setFeature(xml.sax.handler.feature_external_ges, True)
parser.setContentHandler(Show())
parser.parse(io.StringIO("<!DOCTYPE a [<!ENTITY e SYSTEM '@SECRET@'>]><a>&e;</a>"))
""",
    ),
    Payload(
        "sqlite",
        "direct",
        "file",
        """\
import sqlite3
sqlite3.connect('@OUT@').execute('create table t (x)')
""",
    ),
    Payload(
        "archive",
        "direct",
        "file",
        """\
import zipfile
zipfile.ZipFile('@OUT@', 'w').writestr('a', 'x')
""",
    ),
    Payload(
        "log-file",
        "direct",
        "file",
        """\
import logging
logging.FileHandler('@OUT@')
""",
    ),
    Payload(
        "rename",
        "direct",
        "spare",
        """\
import os
os.rename('@SPARE@', '@SPARE@.gone')
""",
    ),
    Payload(
        "truncate",
        "direct",
        "spare",
        """\
import os
os.truncate('@SPARE@', 0)
""",
    ),
    Payload(
        "unlink",
        "direct",
        "spare",
        """\
import pathlib
pathlib.Path('@SPARE@').unlink()
""",
    ),
    Payload(
        "change-mode",
        "direct",
        "spare",
        """\
import os
os.chmod('@SPARE@', 0o777)
""",
    ),
    Payload(
        "change-times",
        "direct",
        "spare",
        """\
import os
os.utime('@SPARE@', (1, 1))
""",
    ),
)
