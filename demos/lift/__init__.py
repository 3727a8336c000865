"""The LIFT tab: detector, orientation and descriptor of local features, learned as one network."""

from demos import frame

from . import api, matches, own, patch, positives
from .models import STAGES, TITLES

ABOUT = frame.Topic(
    title="LIFT",
    name="LIFT: one network for local features",
    lecture="To go further",
    summary="Two photographs of one place, matched by three networks in a chain; turn a patch and watch it hold.",
    card=".li-panels canvas",
    first=(".li-count", ".li-panels"),
    slides=(
        ("L_class, L_pair, L_pos, L_neg and the global cost", "dlcv/lift/loss.py"),
        ("softargmax, Crop, Rot, angle", "dlcv/lift/glue.py"),
        ("DET, ORI, DESC", "dlcv/lift/model.py"),
    ),
)
SOFTARGMAX = (
    r"\text{softargmax}(\mathbf{S}) = \frac{\sum_{\mathbf{x}} \exp(\beta \mathbf{S}(\mathbf{x})) \, \mathbf{x}}"
    r"{\sum_{\mathbf{x}} \exp(\beta \mathbf{S}(\mathbf{x}))}"
)
GLOBAL = r"""\begin{aligned} \min_{\{\text{DET, ORI, DESC}\}} & \sum_{(\mathbf{P}, y)}
\max(0, 1 - y \, \text{softmax}(\text{DET}(\mathbf{P})))^2 \\
+ & \sum_{(\mathbf{P}^1, \mathbf{P}^2)} \| d(\mathbf{P}^1) - d(\mathbf{P}^2) \|^2
+ \sum_{(\mathbf{P}^1, \mathbf{P}^3)} \max(0, 1 - \| d(\mathbf{P}^1) - d(\mathbf{P}^3) \|^2) \end{aligned}"""
BOTH = {"lift": "LIFT", "SIFT": "SIFT, as RootSIFT"}
COUNT = frame.sliders(matches.Asked)[0]


def through() -> None:
    """One patch on its way."""
    frame.section(
        "One patch through the pipeline",
        "DET scores every pixel; the softargmax makes one point of all, and has a slope where a maximum has none:"
        " at a small $\\beta$ it is the mean of all places and lies between two peaks, at a large one it is the highest"
        " and jumps. ORI says how the crop around the point is turned, DESC what is there. A button shows the gradient"
        " that flows back through a network: which pixels of the patch would change its answer.",
        name="One patch",
    )
    value = {"scale": frame.sliders(patch.Place)[0], "betas": patch.BETAS, "at": [0.42, 0.3]}
    frame.Board("lift/patch", server_functions=[patch.look, patch.slope], value=value)
    frame.section(
        "Turn it with your fingers",
        "The patch of the point above, turned, zoomed and darkened. Where the angle follows, DESC sees the same thing"
        " again and its numbers stay; without ORI they do not, and the true match falls behind 5,000 points of other"
        " photographs.",
        name="Turn it",
    )
    value = {"sliders": [one for one in frame.sliders(patch.Turn) if one["name"] != "scale"]}
    frame.Board("lift/turn", server_functions=[patch.turn, patch.whole_turn], value=value)


def learned() -> None:
    """What a positive is, and what each training brings."""
    frame.section(
        "What is a positive",
        "Patches of the same point in both pictures are positive pairs, patches of different points negative ones."
        " DESC is trained until the first are near and the second far; the ones that teach are the hard ones, at the"
        " border between the two.",
        name="Positives",
    )
    frame.Board("lift/positives", server_functions=[positives.distances], value={"pairs": TITLES})
    frame.section(
        "Learned in the order of the lecture",
        "First DESC, on points and angles of SIFT; through DESC, ORI; through both, DET; then all three together, by"
        " the one global cost. All at once from scratch did not converge for the authors: each needs the others to be"
        " good already.",
        name="In order",
    )
    value = {"pairs": TITLES, "count": COUNT, "panels": STAGES}
    asks = [matches.show_pair, matches.match_pair]
    frame.Board("lift/lift", server_functions=asks, value=value, board_id="lift-steps")
    frame.section(
        "Your own two photographs",
        "Of one place, from two sides. Nobody knows their geometry: a match counts as right where one fundamental"
        " matrix, found by OpenCV's USAC_MAGSAC, agrees with it and with many others. In your own code"
        " `dlcv.lift.predictor.create(1000)` stands in for `cv2.SIFT_create(1000)`.",
        name="Your own",
    )
    own.board([*asks, own.take], {"count": COUNT, "panels": BOTH, "files": own.FILES, "leads": True})


def build() -> None:
    """The tab's content."""
    frame.heading(
        ABOUT,
        "Three networks in a chain find points in a picture, turn each upright and describe it by 128 numbers, so that"
        " the same point is found again in another picture. What joins them is differentiable, so that they are trained"
        " end to end, from points that reconstructions of real places agreed on.",
    )
    frame.equations(
        (SOFTARGMAX, "the place of a score map's maximum, with a slope"),
        (GLOBAL, r"$d(\mathbf{P}) = \text{DESC}(G(\mathbf{P}, \text{softargmax}(\text{DET}(\mathbf{P}))))$"),
    )
    value = {"pairs": TITLES, "count": COUNT, "panels": BOTH, "leads": True}
    frame.Board("lift/lift", server_functions=[matches.show_pair, matches.match_pair], value=value)
    through()
    learned()
    frame.architecture("lift", "lift", (1, 1, 64, 64))
    frame.weights_card(
        {name: [name] for name in reversed(STAGES)},
        note="The method may be patented; of the authors' own code and weights, which are for academic use, nothing is"
        " used here: the networks follow the lecture's formulas. DESC has learned from HardNet's triplets, mined in the"
        " batch, until the joint training by the slide's cost. DESC alone is best on patches that"
        " SIFT has turned; after the joint training it stands more of ORI's errors, and less of another light. LIFT"
        " looks for points from the picture's own size on, SIFT for finer ones as well. On this tab, SIFT's descriptors"
        " are RootSIFT's.",
    )
    api.offer()


if __name__ == "__main__":
    frame.show_alone("demos.lift")
