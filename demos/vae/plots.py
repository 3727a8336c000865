"""The two figures of the VAE tab's "Look inside", and the numbers beside them."""

import numpy as np

PRIOR, ENCODER, BOUND = "#d8731f", "#1f9aa3", "#8a63d2"  # readable on the light page and on the dark one
SIZE = {"height": 400, "margin": {"l": 64, "r": 34, "t": 16, "b": 56}}
TICKS = {"separatethousands": True, "exponentformat": "none"}
GRID = {
    "gridcolor": "rgba(128,140,152,0.25)",
    "zeroline": False,
    "linecolor": "rgba(128,140,152,0.6)",
    "showline": True,
}


def signed(value: float) -> str:
    """A number with one decimal and a true minus."""
    return f"{value:,.1f}".replace("-", "−")


def layout(**settings) -> dict:
    """What both figures share: no background of their own, text that both pages carry, no tools."""
    font = {"family": "IBM Plex Sans, system-ui, sans-serif", "size": 15, "color": "#76828e"}
    clear = {"paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)", "font": font, "dragmode": False}
    legend = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"}
    return SIZE | clear | {"legend": legend} | settings


def evidence_figure(evidence, picture: str):
    """log P(X) against the number of samples: median of the repeats, and the band from the lowest to the highest."""
    import plotly.graph_objects as go

    figure = go.Figure()
    for name, colour, values in (
        ("z from the prior", PRIOR, evidence.prior),
        ("z from the encoder", ENCODER, evidence.encoder),
    ):
        values = np.asarray(values)
        done = ~np.isnan(values).any(0)
        counts, values = np.asarray(evidence.counts)[done].tolist(), values[:, done]
        around = {"x": counts + counts[::-1], "y": [*values.max(0), *values.min(0)[::-1]]}
        figure.add_scatter(
            **around,
            fill="toself",
            fillcolor=colour,
            opacity=0.25,
            mode="lines",
            line_width=0,
            hoverinfo="skip",
            showlegend=False,
        )
        figure.add_scatter(
            x=counts,
            y=np.median(values, 0),
            name=name,
            mode="lines+markers",
            line={"color": colour, "width": 3},
            marker_size=7,
            hovertemplate="%{x:,} samples: %{y:.1f} nats<extra></extra>",
        )
    last = int((~np.isnan(np.asarray(evidence.elbo))).sum()) - 1
    bound, best = evidence.elbo[last].item(), evidence.best[last].item()
    figure.add_scatter(
        x=[evidence.counts[0], 10**4],
        y=[bound, bound],
        name="ELBO",
        mode="lines",
        line={"color": BOUND, "width": 2.5, "dash": "dash"},
        hovertemplate="ELBO: %{y:.1f} nats<extra></extra>",
    )
    figure.add_scatter(  # the gap, from the bound up to log P(X)
        x=[1.5, 1.5],
        y=[bound, best],
        mode="lines+markers",
        line={"color": BOUND, "width": 2.5},
        marker={"symbol": ["line-ew-open", "line-ew-open"], "size": 14},
        hovertemplate=f"D[P(z|X;Θ₂) ‖ P(z|X)]: {signed(best - bound)} nats<extra></extra>",
        showlegend=False,
    )
    figure.add_layout_image(
        source=picture,
        x=0.99,
        y=0.04,
        xref="paper",
        yref="paper",
        xanchor="right",
        yanchor="bottom",
        sizex=0.16,
        sizey=0.2,
    )
    powers = [10**power for power in range(5)]
    figure.update_layout(
        layout(
            xaxis={
                "type": "log",
                "range": [-0.08, 4.08],
                "title": "samples N",
                "tickvals": powers,
                "ticktext": [f"{n:,}" for n in powers],
            }
            | GRID,
            yaxis={"title": "log P(X), nats"} | TICKS | GRID,
        )
    )
    return figure


def evidence_text(evidence) -> str:
    """The last finished estimates as numbers."""
    done = int((~np.isnan(np.asarray(evidence.prior)).any(0)).sum()) - 1
    lines = [f"With **{evidence.counts[done]:,} samples**, from run to run:\n"]
    for name, values in (("prior", evidence.prior), ("encoder", evidence.encoder)):
        last = np.asarray(values)[:, done]
        lines.append(f"- from the {name}: **{signed(np.median(last))}** ± {last.std(ddof=1):.2f} nats")
    elbo, gap = evidence.elbo[done].item(), evidence.gap[done].item()
    lines.append(
        f"\nThe ELBO is **{signed(elbo)}** nats. The gap up to $\\log P(X)$, **{signed(gap)} nats**, is "
        "$\\mathcal{D}[P(z|X;\\Theta_2)\\,\\|\\,P(z|X)]$ (13): how far the encoder's Gaussian is from the true "
        "posterior."
    )
    return "\n".join(lines)


def gradient_figure(gradients, unit: int):
    """All single-sample estimates of the gradient to one mean: each dot is one sample."""
    import plotly.graph_objects as go

    figure = go.Figure()
    for row, (name, colour, values) in enumerate(
        [("without", PRIOR, gradients.score_function), ("with the trick", ENCODER, gradients.reparametrised)]
    ):
        label = {
            "text": f"<b>{name}</b>",
            "x": 0,
            "xref": "paper",
            "xanchor": "left",
            "y": row + 0.42,
            "showarrow": False,
        }
        figure.add_annotation(label | {"font": {"color": colour, "size": 17}})
        figure.add_violin(
            x=np.asarray(values)[:, unit],
            name=name,
            orientation="h",
            points="all",
            pointpos=0,
            jitter=0.9,
            line_color=colour,
            marker={"size": 4, "opacity": 0.6, "color": colour},
            fillcolor="rgba(0,0,0,0)",
            hoverinfo="skip",
            spanmode="hard",
        )
    figure.update_layout(
        layout(
            showlegend=False,
            xaxis={"title": f"one estimate, nats per unit of μ<sub>{unit + 1}</sub>"} | TICKS | GRID,
            yaxis={"visible": False, "range": [-0.5, 1.6]},
        )
    )
    return figure


def gradient_text(gradients, unit: int) -> str:
    """Mean and standard deviation of both estimates, and how many samples the trick saves."""
    rows = []
    for name, values in (("with the trick", gradients.reparametrised), ("without", gradients.score_function)):
        values = np.asarray(values)[:, unit]
        rows.append((name, values.mean(), values.std(ddof=1), len(values)))
    ratio = rows[1][2] / max(rows[0][2], 1e-12)
    lines = ["Standard deviation of one estimate:\n"]
    lines += [
        f"- {name}: **{std:,.1f}**, mean {signed(mean)} ± {std / draws**0.5:,.1f}" for name, mean, std, draws in rows
    ]
    (_, first, spread, draws), (_, second, wide, _) = rows
    error = ((spread**2 + wide**2) / draws) ** 0.5  # of the difference of both means
    lines.append(
        f"\nOver {draws} samples both means are {abs(first - second) / max(error, 1e-12):.1f} standard errors apart: "
        f"the mean without the trick is not known better than to ± {wide / draws**0.5:,.1f}."
    )
    lines.append(
        f"\nWithout the trick the estimate scatters **{ratio:,.0f} times** as much: it takes {ratio**2:,.0f} samples, "
        "averaged, to know the gradient as well as one sample with the trick does."
    )
    return "\n".join(lines)
