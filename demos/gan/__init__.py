"""The GAN tab: one latent through three formulations, their critics, mode collapse, and a laboratory on the plane."""

from demos import frame

from . import api, boards, laboratory, progressive, transport

ABOUT = frame.Topic(
    title="GAN",
    name="Generative adversarial networks",
    lecture="Generative models",
    summary="Two networks play against each other: watch them learn, walk between what they invent, ask the critic.",
    card=".gan-plane",
    first=(".gan-plane", ".gan-three"),
    slides=(
        ("min max V(G, D), Wasserstein, gradient penalty", "dlcv/gan/loss.py"),
        ("for k steps do", "dlcv/gan/algorithm.py"),
    ),
)

ORIGINAL = (
    r"\begin{aligned} \min_G \max_D \;& \frac{1}{|\mathcal{T}|} \sum_{x \in \mathcal{T}} \log D(x) \\"
    r"&+ \frac{1}{N_z} \sum_z \log\big(1 - D(G(z))\big) \end{aligned}"
)
WASSERSTEIN = (
    r"\begin{aligned} \min_\theta \max_w \;& \frac{1}{|\mathcal{T}|} \sum_{x \in \mathcal{T}} f_w(x)"
    r" - \frac{1}{N_z} \sum_z f_w(g_\theta(z)) \\ &- \lambda\, E_x\big(\|\nabla_x f_w(x)\|_2 - 1\big)^2 \end{aligned}"
)
TRANSPORT = r"W(P_r, P_\theta) = \min_{\gamma \in \Gamma} \sum_{(x,y) \in \gamma} \|x - y\|"
DUALITY = r"W(P_r, P_\theta) = \sup_{\|f\|_L < 1} E_{x \sim P_r}[f(x)] - E_{y \sim P_\theta}[f(y)]"


def playground() -> frame.Board:
    """One latent through three generators; below it the critics and the classes, which take the data set from there."""
    names = {"formulations": boards.FORMULATIONS}
    value = names | {"edge": boards.EDGE, "start": boards.START}
    asks = [boards.show_samples, boards.show_plane, boards.decode_point]
    main = frame.Board("gan/gan", server_functions=asks, value=value, asks=boards.Samples)
    frame.section(
        "What the critics think of your drawing",
        "The discriminator $D$ is a classifier: 1 for real, 0 for made up. The critic $f_w$ is not; it only has to be"
        " high on real pictures, low on generated ones, and nowhere steep. Where the hills of real and of generated"
        " pictures lie on each other, it cannot tell them apart.",
        name="Critics",
    )
    critic = frame.Board("gan/critic", server_functions=[boards.score_drawing], value=names)
    frame.section(
        "Mode collapse",
        "A generator that always gives the same realistic picture is optimal in the original game. The first column's"
        " gives nearly always the same: the game is that of the second, its networks are half as wide, and it was"
        " stopped after two epochs instead of forty. So count: 1,000 samples, sorted by an evaluator, a classifier"
        " trained on real pictures.",
    )
    counted = {"formulations": boards.COUNTED_OF, "digits": boards.DIGITS_ALONE}
    modes = frame.Board("gan/modes", server_functions=[boards.show_variety], value=counted)
    main.shared(None, main, [critic, modes], js="(value) => [value, value]", **frame.PLUMBING)
    return main


def growing() -> None:
    """Photographs in colour, by a GAN that grew."""
    frame.section(
        "Progressive growing",
        "One network for 64 x 64 pixels at once is hard to train. So both networks begin with 4 x 4, and whenever they"
        " can do that, each gets a layer for twice the size, faded in so that nothing is lost. Every size keeps its own"
        " layer of colours: move the slider, and the same garments come out of less or more of the network. Both are"
        " told what garment it is, so you can ask for one: three kinds are learned, for the others 3,068 photographs"
        " are not enough.",
        name="Growing",
    )
    progressive.board()


def wasserstein() -> None:
    """The distance itself, on points that can be dragged."""
    frame.section(
        "Why a distance",
        "Divergences compare densities at the same place: where two distributions do not overlap, they cannot say how"
        " far one is from the other. The cost of moving one onto the other can.",
        name="Distance",
    )
    frame.equations(
        (TRANSPORT, "the cheapest of all matchings $\\Gamma$ of real points $x$ and generated $y$"),
        (DUALITY, "the same number (Kantorovich-Rubinstein), and why a critic must not be steep"),
        folded=False,
    )
    transport.board()


def training() -> None:
    """Trainings on the plane, before the visitor's eyes."""
    frame.section(
        "Laboratory",
        "The same algorithm where everything can be seen: points of the plane instead of pictures. Train, pause, let"
        " only one of the two networks learn. The heat map is the critic; each arrow is where its slope draws a"
        " generated point. A critic that climbs $s$ times as steeply as it may says $s$ times $W$; over its steepest"
        " slope, what it says is at most the exact $W$. With weight $\\lambda$ the penalty lets it climb at"
        " $1 + W / 2\\lambda$.",
    )
    laboratory.board()


def build() -> None:
    """The tab's content."""
    frame.heading(
        ABOUT,
        "A generator turns random numbers $z$ into pictures; a second network is trained to tell them from real ones,"
        " and the generator to please it. Three formulations of that game, the same networks, as many updates.",
        "Drag the point: the same $z$ goes through all three.",
    )
    frame.equations(
        (ORIGINAL, "the original: $D(x) \\in [0, 1]$ is the probability that $x$ is real"),
        (WASSERSTEIN, "Wasserstein: the critic $f_w$ has to be 1-Lipschitz, by clipping $w$ or, better, by a penalty"),
    )
    playground()
    growing()
    wasserstein()
    training()
    frame.architecture("gan", "wgan-gp-mnist", (1, 64))
    frame.weights_card(
        {name: [name] for name in boards.TRAINED},
        note="Fréchet distance in the features of our classifiers, smaller is better; that of as many real training"
        " pictures is what nobody can go below. Stacked digits have 1,000 modes: three digits as red, green and blue.",
    )
    frame.weights_card(
        {name: [name] for name in (progressive.NAME, *boards.EVALUATORS, progressive.EVALUATOR)},
        title="the progressive GAN and the evaluators",
        name="Scores, progressive",
    )
    api.offer()


if __name__ == "__main__":
    frame.show_alone("demos.gan")
