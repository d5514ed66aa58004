import shutil
import subprocess

import pytest
from rlm_tools.errors import BadArgument, NothingFound
from rlm_tools.review import ReviewArguments, review
from rlm_tools.reviewing.change import change_between
from rlm_tools.reviewing.judge import read_findings
from rlm_tools.reviewing.line_rules import line_findings
from rlm_tools.reviewing.syntax_errors import syntax_findings
from rlm_tools.subject import corpus_path

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")

SHOP = {
    "shop/__init__.py": "",
    "shop/cart.py": (
        "def total(net, rate=1.2):\n    return net * rate\n\n\n"
        "def label(cart):\n    return str(cart)\n\n\n"
        "class Cart:\n    def __init__(self, owner):\n        self.owner = owner\n"
    ),
    "shop/pay.py": (
        "from shop.cart import Cart, label, total\n\n\n"
        "def pay(cart):\n    Cart('me')\n    return total(cart, rate=1), label(cart)\n"
    ),
    "tests/test_cart.py": "from shop.cart import total\n\n\ndef test_total():\n    total(1)\n",
}


def git(root, *arguments):
    settings = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(["git", *settings, *arguments], cwd=root, check=True, capture_output=True)


@pytest.fixture
def shop(plant):
    root = plant(SHOP)
    git(root, "init")
    git(root, "add", ".")
    git(root, "commit", "-m", "one")
    return root


def edit(root, path, old, new):
    file = root / path
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


def brief(reply):
    return [(item.line, item.severity, item.rule) for item in reply.findings]


@needs_git
@pytest.mark.asyncio
async def test_a_new_required_parameter_names_the_callers_it_breaks(shop, host_of, silence):
    edit(shop, "shop/cart.py", "def total(net, rate=1.2):", "def total(net, country, rate=1.2):")
    reply = await review(host_of(shop), ReviewArguments(path="shop/cart.py"), silence)
    finding = reply.findings[0]
    assert (finding.severity, finding.rule, finding.line) == ("error", "changed-signature", 1)
    assert "does not pass country" in finding.message
    assert finding.evidence == ("shop/pay.py:6", "tests/test_cart.py:5")


@needs_git
@pytest.mark.asyncio
async def test_a_renamed_parameter_breaks_the_calls_that_name_it(shop, host_of, silence):
    edit(
        shop,
        "shop/cart.py",
        "net, rate=1.2):\n    return net * rate",
        "net, tax=1):\n    return net",
    )
    reply = await review(host_of(shop), ReviewArguments(path="shop/cart.py"), silence)
    assert [item.evidence for item in reply.findings if item.rule == "changed-signature"] == [
        ("shop/pay.py:6",)
    ]


@needs_git
@pytest.mark.asyncio
async def test_a_new_argument_of_a_constructor_breaks_those_who_build_it(shop, host_of, silence):
    edit(shop, "shop/cart.py", "self, owner)", "self, owner, currency)")
    reply = await review(host_of(shop), ReviewArguments(path="shop/cart.py"), silence)
    assert [item.evidence for item in reply.findings if item.rule == "changed-signature"] == [
        ("shop/pay.py:5",)
    ]


@needs_git
@pytest.mark.asyncio
async def test_a_removed_function_is_told_with_its_uses(shop, host_of, silence):
    edit(shop, "shop/cart.py", "def label(cart)", "def caption(cart)")
    reply = await review(host_of(shop), ReviewArguments(path="shop/cart.py"), silence)
    finding = reply.findings[0]
    assert (finding.severity, finding.rule) == ("error", "removed-definition")
    assert finding.evidence == ("shop/pay.py:1", "shop/pay.py:6")
    assert [item.message for item in reply.findings if item.rule == "missing-tests"] == [
        "no test mentions caption."
    ]


@needs_git
@pytest.mark.asyncio
async def test_a_compatible_change_breaks_nobody(shop, host_of, silence):
    edit(shop, "shop/cart.py", "rate=1.2):", "rate=1.2, *, rounded=False):")
    reply = await review(host_of(shop), ReviewArguments(path="shop/cart.py"), silence)
    assert reply.findings == ()
    assert "Nothing found." in reply.text()


@needs_git
@pytest.mark.asyncio
async def test_without_a_path_all_that_is_not_committed_is_reviewed(shop, host_of, silence):
    edit(shop, "shop/pay.py", "    Cart('me')\n", "    Cart('me'\n")
    (shop / "shop" / "new.py").write_text("import pdb\n", "utf-8")
    (shop / "shop" / "cart.py").unlink()
    reply = await review(host_of(shop), ReviewArguments(), silence)
    assert reply.files == ("shop/cart.py", "shop/new.py", "shop/pay.py")
    rules = {(item.path, item.rule) for item in reply.findings}
    assert {
        ("shop/cart.py", "removed-definition"),
        ("shop/new.py", "debug-leftover"),
        ("shop/pay.py", "syntax"),
    } <= rules


@needs_git
@pytest.mark.asyncio
async def test_a_clean_tree_has_nothing_to_review_and_a_clean_file_is_reviewed_whole(
    shop, host_of, silence
):
    host = host_of(shop)
    with pytest.raises(NothingFound, match="name one file"):
        await review(host, ReviewArguments(), silence)
    reply = await review(host, ReviewArguments(path="shop/cart.py"), silence)
    assert reply.basis == "the whole file (no uncommitted change)"


@pytest.mark.asyncio
async def test_without_git_a_file_is_reviewed_as_it_stands(plant, host_of, silence):
    host = host_of(plant({"a.py": "def f(x=[]):\n    return eval(x)\n"}))
    reply = await review(host, ReviewArguments(path="a.py"), silence)
    assert brief(reply) == [(1, "warning", "mutable-default"), (2, "warning", "eval")]


DIFF = """\
--- a/shop/cart.py
+++ b/shop/cart.py
@@ -1,2 +1,2 @@
-def total(net, rate=1.2):
+def total(net, country, rate=1.2):
     return net * rate
"""


@pytest.mark.asyncio
@pytest.mark.parametrize("applied", [False, True])
async def test_a_diff_is_understood_whether_applied_or_not(plant, host_of, silence, applied):
    root = plant(SHOP)
    if applied:
        edit(root, "shop/cart.py", "(net, rate", "(net, country, rate")
    reply = await review(host_of(root), ReviewArguments(diff=DIFF), silence)
    assert [item.rule for item in reply.findings] == ["changed-signature"]


@pytest.mark.asyncio
async def test_a_diff_that_fits_nothing_is_judged_by_its_lines_alone(plant, host_of, silence):
    host = host_of(plant(SHOP))
    diff = DIFF.replace(" net * rate", " other").replace("country, rate=1.2):", "x=[]):")
    reply = await review(host, ReviewArguments(diff=diff), silence)
    assert brief(reply) == [(1, "warning", "mutable-default")]
    assert "fits shop/cart.py neither" in reply.notes[0]


@pytest.mark.asyncio
async def test_a_path_outside_or_a_secret_file_is_refused(plant, host_of, silence):
    host = host_of(plant({**SHOP, ".env": "KEY=1"}))
    with pytest.raises(BadArgument, match="secrets"):
        await review(host, ReviewArguments(path=".env"), silence)
    outside = DIFF.replace("shop/cart.py", "../../etc/passwd")
    with pytest.raises(BadArgument, match="none of the served folders"):
        await review(host, ReviewArguments(diff=outside), silence)
    with pytest.raises(BadArgument, match="does not touch"):
        await review(host, ReviewArguments(path="shop/pay.py", diff=DIFF), silence)


@pytest.mark.asyncio
async def test_a_models_findings_are_added_where_their_places_exist(plant, host_of, silence):
    reply = """Here: [
      {"path": "a.py", "line": 1, "severity": "error", "message": "Divides by zero."},
      {"path": "a.py", "line": 99, "severity": "error", "message": "No such line."},
      {"path": "a.py", "line": "1", "message": "No number."}]"""
    host = host_of(plant({"a.py": "x = eval('1 / 0')\n"}), reply)
    result = await review(host, ReviewArguments(path="a.py"), silence)
    assert [(item.line, item.rule, item.origin) for item in result.findings] == [
        (1, "review", "model"),
        (1, "eval", "checked"),
    ]


@pytest.mark.asyncio
async def test_a_model_that_talks_nonsense_costs_no_checked_finding(plant, host_of, silence):
    host = host_of(plant({"a.py": "eval(x)\n"}), "I think it is fine!")
    result = await review(host, ReviewArguments(path="a.py"), silence)
    assert brief(result) == [(1, "warning", "eval")]
    assert result.notes == ("the model's review could not be read and was left out.",)


@pytest.mark.asyncio
async def test_the_model_sees_no_secret(plant, host_of, silence):
    text = 'password = "hunter2-Xk39sQvv"\n'
    host = host_of(plant({"a.py": text}), "[]")
    await review(host, ReviewArguments(path="a.py"), silence)
    assert "hunter2" not in (await host.model()).asked[0]


def test_any_reply_of_a_model_is_read_or_left_out():
    change = change_between("a.py", None, "x\n")
    for reply in ("", "[", "[1, null, {}]", "{}", '[{"line": true, "message": 3}]', "[" * 9000):
        assert not read_findings(reply, [change])


def rules_of(path: str, text: str) -> list[str]:
    return sorted({item.rule for item in line_findings(change_between(path, None, text))})


@pytest.mark.parametrize(
    ("path", "text", "rules"),
    [
        ("a.py", "os.system(cmd)", ["shell"]),
        ("a.py", "subprocess.run(cmd, shell=True)", ["shell"]),
        ("a.py", "data = pickle.loads(raw)", ["unsafe-load"]),
        ("a.py", "yaml.load(text)", ["unsafe-load"]),
        ("a.py", "yaml.load(text, Loader=SafeLoader)", []),
        ("a.py", 'cur.execute(f"SELECT * FROM t WHERE id={x}")', ["sql-by-text"]),
        ("a.py", 'cur.execute("SELECT * FROM t WHERE id=" + x)', ["sql-by-text"]),
        ("a.py", 'cur.execute("SELECT * FROM t WHERE id=%s" % x)', ["sql-by-text"]),
        ("a.py", 'cur.execute("SELECT * FROM t WHERE id=%s", (x,))', []),
        ("a.py", "requests.get(url, verify=False)", ["no-tls-check"]),
        ("a.py", "hashlib.md5(password.encode())", ["weak-hash"]),
        ("a.py", "hashlib.md5(content).hexdigest()", []),
        ("a.py", "model.eval()", []),
        ("a.py", '"""It runs eval(x) on demand."""', []),
        ("a.py", "# never call eval(x)", []),
        ("a.py", "x = 1  # no eval(x) here", []),
        ("a.py", "try:\n    f()\nexcept:\n    pass", ["bare-except"]),
        ("a.py", "breakpoint()", ["debug-leftover"]),
        ("a.py", "x = 1  # TODO later", ["todo"]),
        ("a.py", 'token = "ghp_' + "a1B2" * 9 + '"', ["secret"]),
        ("a.py", "<<<<<<< HEAD\nx = 1\n=======\nx = 2\n>>>>>>> b", ["conflict-marker"]),
        ("a.rst", "Title\n=======\n", []),
        ("a.js", "el.innerHTML = text;", ["markup-injection"]),
        ("a.js", "debugger;", ["debug-leftover"]),
        ("a.ts", "const r = eval(code);", ["eval"]),
        ("a.c", "strcpy(a, b);", ["unsafe-copy"]),
        ("a.c", "my_strcpy(a, b);", []),
        ("a.go", "c := &tls.Config{InsecureSkipVerify: true}", ["no-tls-check"]),
        ("tests/test_a.py", "os.system(cmd)", []),
    ],
)  # fmt: skip
def test_a_line_is_judged_by_the_rules_of_its_language(path, text, rules):
    assert rules_of(path, text) == rules


@pytest.mark.parametrize(
    ("path", "old", "new", "lines"),
    [
        ("a.py", "x = 1\n", "x = (1\n", [1]),
        ("a.py", None, "match x:\n    case 1: pass\n", []),
        ("a.js", None, "function f( {\n", [1]),
        ("a.c", None, "MACRO(x) int f() { return 1 }\n", []),
        ("a.c", "int f() { return 1; }\n", "int f() { return 1; \n", [1]),
        ("a.json", None, '{"a": 1,\n"b" 2}\n', [2]),
        ("tsconfig.json", None, "{ // with a remark\n}\n", []),
        ("a.toml", None, "a = 1\na = 2\n", [2]),
    ],
)
def test_only_what_surely_does_not_parse_is_an_error(path, old, new, lines):
    found = list(syntax_findings(change_between(path, old, new)))
    assert [finding.line for finding in found] == lines


SECRET_DIFF = "--- a/{0}\n+++ b/{0}\n@@ -0,0 +1,1 @@\n+harmless = 1\n"


@pytest.mark.asyncio
@pytest.mark.parametrize("path", [".env", "alias/.env", ".git/config", "alias/.git/config"])
async def test_a_diff_opens_no_file_that_may_hold_secrets(plant, host_of, silence, path):
    root = plant({**SHOP, ".env": "KEY=planted\n", ".git/config": "url = planted\n"})
    try:
        (root / "alias").symlink_to(root)
    except OSError:
        pytest.skip("links cannot be made here")
    host = host_of(root, "[]")
    reply = await review(host, ReviewArguments(diff=SECRET_DIFF.format(path)), silence)
    assert "only the diff's own lines were looked at" in reply.text()
    assert "planted" not in reply.text() + "".join(host._model.asked)


@needs_git
@pytest.mark.asyncio
async def test_a_deleted_secret_file_is_not_fetched_from_git(plant, host_of, silence):
    root = plant({**SHOP, ".env": "KEY=planted\n"})
    git(root, "init")
    git(root, "add", "-f", ".")
    git(root, "commit", "-m", "one")
    (root / ".env").unlink()
    edit(root, "shop/cart.py", "net * rate", "rate * net")
    host = host_of(root, "[]")
    reply = await review(host, ReviewArguments(), silence)
    assert "shop/cart.py" in reply.text()
    assert "planted" not in reply.text() + "".join(host._model.asked)


@pytest.mark.asyncio
@pytest.mark.parametrize("line", ["9" * 5_000, "9" * 12, "1000001"])
async def test_a_diff_of_absurd_line_numbers_is_refused(plant, host_of, silence, line):
    diff = f"--- a/shop/cart.py\n+++ b/shop/cart.py\n@@ -{line},1 +{line},1 @@\n-a\n+b\n"
    with pytest.raises(BadArgument, match="line 3 of diff"):
        await review(host_of(plant(SHOP)), ReviewArguments(diff=diff), silence)


@pytest.mark.asyncio
@pytest.mark.parametrize("path", ["shop/\0", "\0"])
async def test_a_path_with_a_nul_is_in_no_folder(plant, host_of, silence, path):
    with pytest.raises(BadArgument, match="lies in none"):
        await review(host_of(plant(SHOP)), ReviewArguments(path=path), silence)


def test_an_absolute_path_in_the_second_of_two_equal_names_is_found(tmp_path):
    one, two = tmp_path / "one/app", tmp_path / "two/app"
    assert corpus_path([one, two], f"{two}/a.py") == "app-2/a.py"
    assert corpus_path([one, two], ".//app//a.py") == "app/a.py"
