"""The duality on a line, as the page computes it: against scipy's distance, and the critic against its bound."""

import json

import numpy as np
import pytest
from scipy.stats import wasserstein_distance

from tests.support.javascript import ROOT, node

CELLS, REACH = 400, 2.0
X = (np.arange(CELLS) + 0.5) / CELLS * 2 * REACH - REACH
STEP = 2 * REACH / CELLS
HILLS = {
    "side by side": ([-1.1, -0.5], [0.5, 1.1]),
    "on each other": ([-0.6, 0.6], [-0.6, 0.6]),
    "one of two modes": ([-0.9, 0.9], [-0.9, -0.9]),
    "around the real ones": ([-0.3, 0.3], [-1.3, 1.3]),
    "crossed": ([-1.0, 0.4], [-0.2, 1.5]),
}


@pytest.fixture(scope="module")
def answers():
    """What the page computes for each pair of hills."""
    script = f"""
        import {{dual, masses}} from '{(ROOT / "demos/gan/web/line.js").as_uri()}';
        const found = {json.dumps(HILLS)};
        for (const [name, pair] of Object.entries(found)) {{
          const [p, q] = pair.map((centres) => masses(centres, 0.14, {REACH}, {CELLS}));
          found[name] = {{p, q, ...dual(p, q, {STEP})}};
        }}
        console.log(JSON.stringify(found));
    """
    done = node("--input-type=module", "-e", script)
    assert done.returncode == 0, done.stdout
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", HILLS)
def test_no_critic_is_better_and_no_plan_is_cheaper(answers, name):
    """The area between the distribution functions, the gap of the best critic, and scipy's W are one number."""
    found = answers[name]
    p, q, f = (np.array(found[key]) for key in ("p", "q", "f"))
    assert p.sum() == pytest.approx(1) and q.sum() == pytest.approx(1)
    assert np.abs(np.diff(f)).max() <= STEP * (1 + 1e-9)  # 1-Lipschitz
    exact = wasserstein_distance(X, X, p, q)
    assert found["area"] == pytest.approx(exact, abs=1e-6)
    assert found["ofReal"] - found["ofFake"] == pytest.approx(exact, abs=1e-6)
    assert found["ofReal"] == pytest.approx((p * f).sum(), abs=1e-9)


def test_a_mode_that_is_left_out_costs_its_way(answers):
    """Half of the mass has to go 1.8 far; hills on each other cost nothing."""
    assert answers["one of two modes"]["area"] == pytest.approx(0.9, abs=1e-3)
    assert answers["side by side"]["area"] == pytest.approx(1.6, abs=1e-3)
    assert answers["on each other"]["area"] == pytest.approx(0, abs=1e-9)


def test_the_best_critic_goes_towards_the_real_points_at_slope_one(answers):
    f = np.array(answers["side by side"]["f"])
    between = (X > -0.8) & (X < 0.8)
    assert np.allclose(np.diff(f[between]), -STEP)
