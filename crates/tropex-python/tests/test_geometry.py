import xml.dom.minidom

import numpy as np
import pytest

import tropex


@pytest.fixture(scope="module")
def region(net, x):
    return net.region(x[0])


def active(perceptron, point):
    return np.concatenate(perceptron.pattern(point))


def test_a_region_knows_its_affine_map(region, perceptron, x):
    coefficients, bias = perceptron.affine(x[0].astype(np.float64))
    np.testing.assert_allclose(region.coefficients, coefficients, atol=1e-14)
    np.testing.assert_allclose(region.bias, bias, atol=1e-14)
    assert region.predicted == (coefficients @ x[0] + bias).argmax()
    np.testing.assert_array_equal(region.point, x[0])


def test_boundaries_are_the_nearest_points_at_which_a_unit_changes(region, perceptron, x):
    point = x[0].astype(np.float64)
    # The pre-activations are affine in the region: their zeros are the hyperplanes.
    coefficients, bias, rows = np.eye(6), np.zeros(6), []
    for weight, offset, on in zip(perceptron.weights, perceptron.biases, perceptron.pattern(point)):
        coefficients, bias = weight @ coefficients, weight @ bias + offset
        rows += list(zip(coefficients, bias))
        coefficients, bias = coefficients * on[:, None], bias * on
    gaps = np.array([abs(row @ point + offset) for row, offset in rows])
    norms = {"l1": np.inf, "l2": 2, "linf": 1}
    found = region.boundaries()
    assert list(found) == ["l1", "l2", "linf"]
    for norm, dual in norms.items():
        lengths = np.array([np.linalg.norm(row, dual) for row, _ in rows])
        nearest = (gaps / lengths).argmin()
        boundary = found[norm]
        assert boundary.distance == pytest.approx((gaps / lengths).min(), rel=1e-10)
        order = {"l1": 1, "l2": 2, "linf": np.inf}[norm]
        step = boundary.point - point
        assert np.linalg.norm(step, order) == pytest.approx(boundary.distance, rel=1e-10)
        # Just beyond the boundary this unit has the other piece, and no other unit before it.
        layer, unit = (2, nearest) if nearest < 16 else (4, nearest - 16)
        assert (boundary.node, boundary.unit) == (layer, unit)
        assert boundary.piece != active(perceptron, point)[nearest]
        inside, outside = point + 0.999 * step, point + 1.001 * step
        np.testing.assert_array_equal(active(perceptron, inside), active(perceptron, point))
        assert active(perceptron, outside)[nearest] != active(perceptron, point)[nearest]


def test_the_polytope_contains_the_points_of_the_region(region, perceptron, x):
    polytope = region.polytope()
    assert polytope.normals.shape == (28, 6) and polytope.limits.shape == (28,)
    np.testing.assert_allclose(np.linalg.norm(polytope.normals, axis=1), 1.0)
    assert sorted(set(polytope.nodes)) == [2, 4] and set(polytope.units[:16]) == set(range(16))
    own = active(perceptron, x[0])
    random = np.random.default_rng(3)
    inside = 0
    for point in x[0] + 0.5 * random.normal(size=(300, 6)):
        is_inside = bool((active(perceptron, point) == own).all())
        assert polytope.contains(point) == is_inside
        depth = (polytope.limits - polytope.normals @ point).min()
        assert polytope.depth(point) == pytest.approx(depth, abs=1e-12)
        inside += is_inside
    assert 10 < inside < 290
    assert polytope.contains(x[0]) and not polytope.contains(x[0] + 100)


def test_facets_and_ball(region):
    polytope = region.polytope(within=(-4, 4))
    assert len(polytope) == 28 + 12 and (polytope.nodes == -1).sum() == 12
    facets = polytope.irredundant()
    assert 7 <= len(facets) <= len(polytope)
    centre, radius = facets.ball()
    depths = polytope.limits - polytope.normals @ centre
    assert depths.min() == pytest.approx(radius, rel=1e-6)
    random = np.random.default_rng(4)
    for point in centre + random.normal(size=(200, 6)) * radius:
        inside = (polytope.normals @ point <= polytope.limits).all()
        assert facets.contains(point) == inside
    with pytest.raises(tropex.Error, match="time limit"):
        polytope.irredundant(time_limit=0)
    with pytest.raises(tropex.InputError, match="^time_limit is -1, expected seconds from 0$"):
        polytope.ball(time_limit=-1)


def test_a_path_passes_through_the_regions_on_it(net, perceptron, x):
    path = net.path(x[0], x[1])
    start, end = x[0].astype(np.float64), x[1].astype(np.float64)
    assert len(path) == len(path.regions) == len(path.crossings) + 1
    ends = np.concatenate([[0], path.crossings, [1]])
    middles = (ends[1:] + ends[:-1]) / 2
    patterns = [active(perceptron, start + t * (end - start)) for t in middles]
    changes = path.changes
    for crossing, (before, after) in enumerate(zip(patterns, patterns[1:])):
        changed = np.flatnonzero(before != after)
        own = changes["crossing"] == crossing
        units = changes["unit"][own] + np.where(changes["node"][own] == 4, 16, 0)
        np.testing.assert_array_equal(np.sort(units), changed)
        np.testing.assert_array_equal(changes["piece"][own], after[units])
    # Dense samples meet no other pattern.
    samples = {active(perceptron, start + t * (end - start)).tobytes() for t in np.linspace(0, 1, 5001)}
    assert samples <= {pattern.tobytes() for pattern in patterns}
    assert path.regions[0] == net.region(x[0]).id


def test_a_path_knows_where_the_class_changes(net, perceptron, x):
    predicted = net.linear_terms(x).predicted
    other = int(np.flatnonzero(predicted != predicted[0])[0])
    at, before, after = net.path(x[0], x[other]).class_change
    start, end = x[0].astype(np.float64), x[other].astype(np.float64)
    logits = perceptron.logits(start + at * (end - start))
    assert logits[before] == pytest.approx(logits[after], abs=1e-10)
    assert before == predicted[0] and logits.max() == pytest.approx(logits[before], abs=1e-10)


def test_patterns_are_those_of_float64(net, perceptron, x):
    patterns = net.patterns(x, precision="f64")
    expected = np.array([active(perceptron, point.astype(np.float64)) for point in x])
    np.testing.assert_array_equal(patterns.pieces(2), expected[:, :16])
    np.testing.assert_array_equal(patterns.pieces(4), expected[:, 16:])
    assert patterns.regions == len({row.tobytes() for row in expected}) == len(set(patterns.ids))
    np.testing.assert_array_equal(patterns.distances(3), (expected != expected[3]).sum(axis=1))
    assert len(patterns) == 50
    with pytest.raises(tropex.InputError, match="^node 1 has no units .* are 2, 4$"):
        patterns.pieces(1)
    with pytest.raises(tropex.InputError, match="^point is 50, expected less than the 50 points$"):
        patterns.distances(50)


def test_patterns_are_counted_batch_by_batch(net, perceptron, x):
    rows = np.array([active(perceptron, point.astype(np.float64)) for point in x])
    regions = len({row.tobytes() for row in rows})
    calls = []
    streams = [
        x,
        x.astype(np.float64),
        [x[:20], x[20:]],
        zip(x, range(50)),
        (point for point in x),
    ]
    for stream in streams:
        counts = net.count_patterns(stream, precision="f64", progress=lambda *call: calls.append(call))
        assert counts.points == 50 and counts.regions == regions and counts.units == 28
        stable = counts.stable
        own = stable["unit"] + np.where(stable["node"] == 4, 16, 0)
        np.testing.assert_array_equal(np.sort(own), np.flatnonzero((rows == rows[0]).all(axis=0)))
        np.testing.assert_array_equal(stable["piece"], rows[0, own])
    assert ("counting regions", 1.0) in calls
    assert repr(counts) == f"<tropex.PatternCounts: 50 points in {regions} regions>"
    with pytest.raises(tropex.InputError, match=r"^item 1 of x has shape \[20, 5\], expected"):
        net.count_patterns([x[:20], x[20:40, :5]])
    with pytest.raises(tropex.InputError, match="^x yields no points, expected at least one$"):
        net.count_patterns([])


def test_a_slice_tiles_its_window(net, perceptron, x):
    found = net.slice(*x[:3])
    corners = found.vertices
    area = lambda cell: 0.5 * np.sum(
        corners[cell, 0] * np.roll(corners[cell, 1], -1)
        - corners[cell, 1] * np.roll(corners[cell, 0], -1)
    )
    width, height = found.window.max(axis=0) - found.window.min(axis=0)
    for polygons in (found.regions, found.cells):
        assert sum(map(area, polygons)) == pytest.approx(width * height, rel=1e-9)
    assert len(found) == len(found.regions) == len(found.ids) >= found.linear_regions > 3
    # The plane in input space: its coordinates are distances.
    a, b, c = (point.astype(np.float64) for point in x[:3])
    right = (b - a) / np.linalg.norm(b - a)
    up = (c - a) - right * (right @ (c - a))
    up /= np.linalg.norm(up)
    np.testing.assert_allclose(found.to_input(found.points), x[:3], atol=1e-6)
    plane = a + corners @ np.stack([right, up])
    np.testing.assert_allclose(found.to_input(corners), plane, atol=1e-10)
    for cell, region, kind in zip(found.cells, found.cell_regions, found.cell_classes):
        centre = corners[cell].mean(axis=0)
        point = a + centre @ np.stack([right, up])
        assert perceptron.logits(point).argmax() == kind
        centre = corners[found.regions[region]].mean(axis=0)
        assert net.region(a + centre @ np.stack([right, up])).id == found.ids[region]
    assert found.boundary.shape[1] == 2 and len(found.cell_colours) == len(found.cells)
    xml.dom.minidom.parseString(found._repr_svg_())


def test_a_window_that_is_not_chosen_becomes_smaller_until_it_can_be_drawn(net, x):
    whole = net.slice(*x[:3])
    with pytest.warns(UserWarning, match="^the window around the three points has about .* margin=-0"):
        found = net.slice(*x[:3], max_regions=12)
    assert len(found) <= 12 < len(whole)
    np.testing.assert_allclose(found.window.mean(axis=0), whole.window.mean(axis=0), atol=1e-9)
    assert np.ptp(found.window, axis=0).max() < np.ptp(whole.window, axis=0).max() / 1.5


def test_a_window_is_a_rectangle_or_a_polygon(net, x):
    corners = net.slice(*x[:3]).window
    rectangle = net.slice(*x[:3], window=[corners.min(axis=0), corners.max(axis=0)])
    polygon = net.slice(*x[:3], window=corners)
    np.testing.assert_array_equal(rectangle.vertices, polygon.vertices)
    triangle = net.slice(*x[:3], window=corners[:3])
    assert triangle.window.shape == (3, 2) and len(triangle) < len(polygon)
    assert len(net.slice(*x[:3], window=[[0, 0], [1, 1]])) >= 1
    with pytest.raises(tropex.InputError, match="counter-clockwise$"):
        net.slice(*x[:3], window=corners[::-1])
    with pytest.raises(tropex.InputError, match=r"^window has shape \[3\], expected \[n, 2\]"):
        net.slice(*x[:3], window=[0, 1, 2])
    with pytest.raises(tropex.InputError, match="^margin and window exclude each other$"):
        net.slice(*x[:3], window=corners, margin=0)


def test_the_slice_of_an_extracted_function_shows_its_winning_terms(net, x, tmp_path):
    function = net.extract(x, tmp_path / "terms", progress=False).function()
    before = net.slice(*x[:3])
    calls = []
    after = function.slice(*x[:3], window=before.window, progress=lambda *call: calls.append(call))
    assert calls and calls[0][0] == "comparing terms"
    np.testing.assert_array_equal(after.points, before.points)
    centres = np.array([after.vertices[cell].mean(axis=0) for cell in after.cells])
    points = after.to_input(centres)
    best = function.assign(points.astype(np.float32))
    np.testing.assert_array_equal(best.classes, after.cell_classes)
    assert len(after) == len(after.cells) == len(set(after.ids))
    assert len({(*pair,) for pair in zip(best.best[:, 0], best.negative)}) == len(after)
    # The share of the window with equal classes, by points on a grid.
    low, high = before.window.min(axis=0), before.window.max(axis=0)
    axes = [np.linspace(*ends, 80) for ends in zip(low, high)]
    grid = before.to_input(np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 2)).astype(np.float32)
    share = (function.classify(grid) == net.linear_terms(grid).predicted).mean()
    assert before.agreement(after) == pytest.approx(share, abs=0.02)
    assert before.agreement(before) == pytest.approx(1)
    xml.dom.minidom.parseString(after._repr_svg_())
    with pytest.raises(tropex.InputError, match="^the slices have different windows"):
        before.agreement(net.slice(*x[:3], margin=0))
    with pytest.raises(tropex.InputError, match="more than 1 polygons"):
        function.slice(*x[:3], max_regions=1)


def test_slices_that_cannot_be_cut_are_refused(net, x):
    with pytest.raises(tropex.InputError, match="lie on one line"):
        net.slice(x[0], x[0], x[1])
    with pytest.raises(tropex.InputError, match="^margin is -1, expected more than -0.5 "):
        net.slice(*x[:3], margin=-1)
    with pytest.raises(tropex.InputError, match="more than 2 polygons"):
        net.slice(*x[:3], margin=0.25, max_regions=2)


@pytest.mark.parametrize("call", ["region", "path", "slice"])
def test_one_point_is_expected(net, x, call):
    arguments = {"region": [x[:1]], "path": [x[:1], x[1]], "slice": [x[:1], x[1], x[2]]}[call]
    message = r"^(x0|a) has shape \[1, 6\], expected one point of shape \[6\]; take (x0|a)\[0\]$"
    with pytest.raises(tropex.InputError, match=message):
        getattr(net, call)(*arguments)


def test_bounds_of_a_shallow_network_are_exact():
    from math import comb

    import onnx_bytes
    from reference import Perceptron

    shallow = Perceptron([2, 5, 3])
    net = tropex._tropex.network_from_onnx(onnx_bytes.mlp(shallow.weights, shallow.biases))
    bounds = net.bounds()
    # Zaslavsky: regions of 5 lines in general position.
    assert bounds.upper[1] == bounds.lower[1] == sum(comb(5, k) for k in range(3))
    table = bounds.to_dict()
    assert len({len(column) for column in table.values()}) == 1
    assert all((count is None) != (reason is None) for count, reason in zip(table["count"], table["reason"]))
    with pytest.raises(tropex.InputError):
        net.bounds(time_limit=-1)
