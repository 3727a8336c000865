// What boards of this tab share: the boxes of windows, and probabilities from logits.

export const HALF = 0.25; // of a window's side, to the picture's
export const REACH = 0.5; // how far a window's centre may be from the picture's, which spans [-1, 1]
export const WINDOW_COLOURS = ['#e6194b', '#3b6fe0', '#1f9d55', '#f58231'];

// The left and top of the window around a centre, in parts of the picture.
export const cornerOf = ([x, y]) => [(x + 1) / 2 - HALF, (y + 1) / 2 - HALF];

export const within = (value) => Math.max(-REACH, Math.min(REACH, value));

export function softmax(logits) {
  const most = Math.max(...logits);
  const powers = logits.map((value) => Math.exp(value - most));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((value) => value / sum);
}

// The joint classifier's logits: the mean of those of the windows.
export const joint = (each) => each[0].map((_, i) => each.reduce((sum, one) => sum + one[i], 0) / each.length);

// The places of the largest values, the largest first.
export const ranked = (values, count) => [...values.keys()].sort((a, b) => values[b] - values[a]).slice(0, count);
