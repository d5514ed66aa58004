import numpy as np
import pytest
from planting import plant
from rlm_crystal.build import build
from rlm_crystal.crystal import Crystal
from rlm_crystal.lexical import Best, lexical
from rlm_crystal.query import understand
from rlm_crystal.rank import DEFAULT

NOUNS = ("token", "session", "cache", "queue")
QUESTION = "where is the rare zebra token of a session kept in the cache"


@pytest.fixture(scope="module")
def crystal(tmp_path_factory: pytest.TempPathFactory) -> Crystal:
    files = {
        f"pkg/m{at}.py": f"def {NOUNS[at % 4]}_{at}():\n"
        + f"    return '{' '.join(NOUNS[: at % 5])}'\n" * (1 + at % 3)
        + (f"    # zebra token {at}\n" if at % 7 == 0 else "")
        for at in range(120)
    }
    return build([plant(tmp_path_factory.mktemp("lists"), files)], workers=0)


@pytest.mark.parametrize("count", [1, 5, 15])
def test_the_best_chunks_score_the_same_where_long_lists_are_read_in_part(
    crystal: Crystal, count: int
) -> None:
    view = crystal.view
    groups = understand(QUESTION, view.vocabulary, told=view.told).groups
    among = np.asarray([number % 11 > 0 for number in range(view.chunk_count)])
    whole = lexical(view, groups, DEFAULT).chunks
    part = lexical(view, groups, DEFAULT, best=Best(count, among, long=0)).chunks

    border = np.sort(whole[among])[-count]
    np.testing.assert_allclose(part[among & (whole >= border)], whole[among & (whole >= border)])
    assert (part[among & (whole < border)] < border).all()
    assert (part < whole - 1e-9).any()  # or nothing was left out
