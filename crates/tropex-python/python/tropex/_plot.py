"""Pictures with matplotlib, which is imported only here."""

from __future__ import annotations


def plot_slice(found, ax=None):
    """Draws the regions of a slice, its decision boundary and its three points."""
    from matplotlib.collections import LineCollection, PolyCollection

    if ax is None:
        from matplotlib import pyplot

        ax = pyplot.gca()
    corners = found.vertices
    cells = [corners[cell] for cell in found.cells]
    ax.add_collection(PolyCollection(cells, facecolors=found.cell_colours, linewidths=0))
    regions = [corners[region] for region in found.regions]
    thin = 0.3 + 0.4 * min(1.0, (600 / len(regions)) ** 0.5)
    ax.add_collection(
        PolyCollection(regions, facecolors="none", edgecolors="black", linewidths=thin, alpha=0.5)
    )
    ax.add_collection(LineCollection(corners[found.boundary], colors="black", linewidths=2))
    ax.plot(*found.points.T, "o", color="white", markeredgecolor="black")
    low, high = found.window.min(axis=0), found.window.max(axis=0)
    ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal")
    return ax
