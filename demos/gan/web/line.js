// Two distributions on a line, the best critic between them, and W: closed forms, as a line has them.

// Masses in n cells of the interval from -reach to reach: hills of equal weight at the centres, all of one width.
export function masses(centres, width, reach, n) {
  const at = (i) => ((i + 0.5) / n) * 2 * reach - reach;
  const heights = Array.from({length: n}, (_, i) =>
    centres.reduce((sum, centre) => sum + Math.exp(-0.5 * ((at(i) - centre) / width) ** 2), 0),
  );
  const total = heights.reduce((sum, height) => sum + height, 0);
  return heights.map((height) => height / total);
}

// sup over all 1-Lipschitz f of E f(x) - E f(y), for masses p of x and q of y in cells of width h. On a line
//     E f(x) - E f(y) = - integral of f'(t) (P(t) - Q(t)) dt,     P and Q the distribution functions,
// so that the best f goes up at slope 1 where Q is above P, down where it is below, and W = integral of |P - Q|.
// f is level where P = Q, where every slope is as good, and 0 on average over the cells.
export function dual(p, q, h) {
  const f = [0];
  let ahead = 0; // P - Q
  let area = 0;
  const apart = [];
  for (let i = 0; i < p.length; i++) {
    ahead += p[i] - q[i];
    apart.push(ahead);
    if (i === p.length - 1) break;
    area += Math.abs(ahead) * h;
    f.push(f[i] - (Math.abs(ahead) < 1e-9 ? 0 : Math.sign(ahead)) * h);
  }
  const middle = f.reduce((sum, value) => sum + value, 0) / f.length;
  const level = f.map((value) => value - middle);
  const mean = (weights) => weights.reduce((sum, weight, i) => sum + weight * level[i], 0);
  return {f: level, apart, area, ofReal: mean(p), ofFake: mean(q)};
}
