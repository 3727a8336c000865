// Strokes as a short text for an address, and back: strokes of points [x, y] in whole pixels. Each number is the
// difference to the one before, in as few bytes as it needs; a stroke begins with the number of its points.
const MOST = 1500; // bytes; what is longer has no text

const zigzag = (value) => (value << 1) ^ (value >> 31);
const zagzig = (value) => (value >>> 1) ^ -(value & 1);

export function written(strokes) {
  const bytes = [];
  const put = (value) => {
    for (; value > 127; value >>>= 7) bytes.push((value & 127) | 128);
    bytes.push(value);
  };
  let at = [0, 0];
  for (const points of strokes) {
    put(points.length);
    for (const point of points) {
      put(zigzag(point[0] - at[0]));
      put(zigzag(point[1] - at[1]));
      at = point;
    }
  }
  if (bytes.length > MOST) return null;
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');
}

// The strokes, or null where the text is none of these.
export function read(text) {
  try {
    const bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (sign) => sign.charCodeAt(0));
    let next = 0;
    const take = () => {
      let value = 0;
      for (let shift = 0; ; shift += 7) {
        if (next >= bytes.length || shift > 28) throw new RangeError('cut off');
        const byte = bytes[next++];
        value |= (byte & 127) << shift;
        if (byte < 128) return value;
      }
    };
    const strokes = [];
    let at = [0, 0];
    while (next < bytes.length)
      strokes.push(Array.from({length: take()}, () => (at = [at[0] + zagzig(take()), at[1] + zagzig(take())])));
    return strokes.every((points) => points.length) ? strokes : null;
  } catch (_) {
    return null;
  }
}
