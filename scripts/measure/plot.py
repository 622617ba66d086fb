"""Line plots as SVG, readable on light and dark pages."""

import math

WIDTH, HEIGHT = 760, 420
LEFT, RIGHT, TOP, BOTTOM = 70, 200, 40, 50
COLORS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"]


def lines(title, labels, series, log_y):
    """Draws named lists of (x, y) over a logarithmic x axis; none where there is nothing to draw."""
    points = [point for line in series.values() for point in line]
    if not points:
        return None
    x_axis = Axis([x for x, _ in points], LEFT, WIDTH - RIGHT, log=True)
    bottom = min(y for _, y in points) if log_y else 0
    y_axis = Axis([bottom, *(y for _, y in points)], HEIGHT - BOTTOM, TOP, log=log_y)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        text(LEFT, 22, title, "start", size=15),
        text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, labels[0]),
        text(16, (TOP + HEIGHT - BOTTOM) / 2, labels[1], turned=True),
    ]
    for value in x_axis.ticks():
        x = x_axis.place(value)
        out.append(rule(x, TOP, x, HEIGHT - BOTTOM))
        out.append(text(x, HEIGHT - BOTTOM + 18, short(value)))
    for value in y_axis.ticks():
        y = y_axis.place(value)
        out.append(rule(LEFT, y, WIDTH - RIGHT, y))
        out.append(text(LEFT - 8, y + 4, short(value), "end"))
    for number, (name, line) in enumerate(series.items()):
        color = COLORS[number % len(COLORS)]
        places = [(x_axis.place(x), y_axis.place(y)) for x, y in line]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        out.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2"/>')
        out += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{color}"/>' for x, y in places]
        y = TOP + 16 + number * 20
        x = WIDTH - RIGHT + 14
        out.append(f'<rect x="{x}" y="{y - 9}" width="12" height="10" fill="{color}"/>')
        out.append(text(x + 18, y, name, "start"))
    return "\n".join([*out, "</svg>\n"])


class Axis:
    """Places values between two edges, evenly or by their logarithm."""

    def __init__(self, values, start, end, log):
        self.log, self.start, self.end = log, start, end
        low, high = min(values), max(values)
        if not log:
            high = max(high * 1.1, 1e-9)
        self.low, self.high = (self.scale(low), self.scale(high))
        if self.low == self.high:
            self.low, self.high = self.low - 0.5, self.high + 0.5

    def scale(self, value):
        return math.log10(max(value, 1e-9)) if self.log else value

    def place(self, value):
        part = (self.scale(value) - self.low) / (self.high - self.low)
        return self.start + part * (self.end - self.start)

    def ticks(self):
        if self.log:
            powers = range(math.floor(self.low), math.ceil(self.high) + 1)
            found = [m * 10.0**p for p in powers for m in (1, 2, 5)]
            inside = [v for v in found if self.low - 1e-9 <= self.scale(v) <= self.high + 1e-9]
            whole = [v for v in inside if math.log10(v).is_integer()]
            return whole if len(whole) > 2 else inside
        step = 10 ** math.floor(math.log10(self.high - self.low))
        while (self.high - self.low) / step < 4:
            step /= 2
        return [step * n for n in range(int(self.high / step) + 1)]


def text(x, y, words, anchor="middle", size=12, turned=False):
    turn = f' transform="rotate(-90 {x} {y})"' if turned else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" '
        f'fill="#222"{turn}>{words}</text>'
    )


def rule(x1, y1, x2, y2):
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
        'stroke="#ddd" stroke-width="1"/>'
    )


def short(value):
    """1000000 as 1 M, 2000 as 2 k."""
    for size, unit in ((1e6, " M"), (1e3, " k")):
        if value >= size:
            return f"{value / size:g}{unit}"
    return f"{value:g}"
